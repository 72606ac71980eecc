"""How attempts end, and what that means for their tasks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

from deputize.model.attempt import NO_USAGE, Attempt, ToolUse, Usage
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.budget import since
from deputize.model.event import Event
from deputize.model.outcome import LIMITS, MEANINGS, Outcome, is_stalled
from deputize.model.retry import Again, next_step
from deputize.model.states import TaskState
from deputize.queue.budgeting import book
from deputize.queue.spent import still_spent, stop_at
from deputize.store import (
    approvals,
    attempts,
    barriers,
    changes,
    journal,
    leaving,
    races,
    settle,
    tasks,
    trust,
)
from deputize.store.attempts import Closing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.approval import Approval
    from deputize.model.budget import Standing
    from deputize.model.change import Change
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction
    from deputize.store.leaving import Leaving
    from deputize.store.settle import Tips


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended, with all that is known of it."""

    outcome: Outcome
    exit_code: int | None = None
    error: str | None = None
    usage: Usage = NO_USAGE
    tools: tuple[ToolUse, ...] = ()
    summary: str | None = None
    answer: str | None = None
    """The agent's answer: the task's result, if the task is done with it."""
    session: str | None = None
    model: str | None = None
    """The model that answered, where the agent said so."""
    retry_at: datetime | None = None
    saved_ref: str | None = None
    change: Change | None = None
    """A change to propose; its task then waits for landing."""
    question: Approval | None = None
    """What a person is asked where the attempt parks: asked once nothing runs any more."""
    movable: bool = False
    """Another agent may take over from a limit, so that the task need not wait for its end."""
    spent: Standing | None = None
    """The account that the attempt has used up, where it parks because of that."""


def finish(
    database: Database, attempt: Attempt, ending: Ending, now: datetime, tips: Tips | None = None
) -> Task:
    """Close an attempt and move its task on; LeaseLost if the right to it is gone."""
    with database.write() as transaction:
        return finish_in(transaction, attempt, ending, now, tips)


def finish_in(
    transaction: Transaction,
    attempt: Attempt,
    ending: Ending,
    now: datetime,
    tips: Tips | None = None,
) -> Task:
    """Do what `finish` does, in a transaction that is open already."""
    found = leaving.ask(transaction, [attempt])().get(attempt.id)
    return leave(transaction, attempt, found, ending, now, tips)


def leave(
    transaction: Transaction,
    attempt: Attempt,
    found: Leaving | None,
    ending: Ending,
    now: datetime,
    tips: Tips | None = None,
) -> Task:
    """Do what `finish` does, where it was looked already how things stand.

    LeaseLost is raised before anything is written.
    """
    if found is None or not found.is_held:
        raise attempts.lost(attempt)
    task = found.task
    if task.cancel_requested:
        ending = replace(ending, outcome=Outcome.CANCELLED, change=None)
    if ending.usage != NO_USAGE:
        book(transaction, attempt, task, since(found.written, ending.usage), now)
    attempts.end(transaction, attempt, _closing(ending), now)
    _tell_end(transaction, attempt, ending, now)
    actor = f"worker:{attempt.worker}"
    if ending.outcome is Outcome.SUCCEEDED and ending.change is not None:
        return _hand_over(transaction, task, ending, actor, now)
    step = _step_after(transaction, task, ending, now)
    if isinstance(step, Again):
        return _put_back(transaction, task, ending, step, now)
    return settle.end(
        transaction,
        task,
        step.state,
        actor=actor,
        now=now,
        reason=step.reason,
        message=step.message,
        result=step.result,
        tips=tips,
        ties=found.ties,
    )


class _End(NamedTuple):
    """The state in which a task ends, and what is said of it."""

    state: TaskState
    reason: Outcome | None = None
    message: str | None = None
    result: str | None = None


def _step_after(
    transaction: Transaction, task: Task, ending: Ending, now: datetime
) -> Again | _End:
    """Say what comes after an attempt that left no change."""
    if ending.outcome is Outcome.CANCELLED:
        return _End(TaskState.CANCELLED, *races.cancelled_as(transaction, task))
    if ending.outcome is Outcome.SUCCEEDED:
        return _End(TaskState.DONE, result=ending.answer)
    history = attempts.of_task(transaction, task.id)
    step = next_step(task, history, ending.outcome, now, ending.retry_at)
    if isinstance(step, Again):
        return step
    return _End(TaskState.FAILED, step.reason, ending.error, ending.answer)


def _closing(ending: Ending) -> Closing:
    return Closing(
        outcome=ending.outcome,
        exit_code=ending.exit_code,
        error=ending.error,
        usage=ending.usage,
        tools=ending.tools,
        summary=ending.summary,
        session=ending.session,
        model=ending.model,
        saved_ref=ending.saved_ref,
    )


def _tell_end(transaction: Transaction, attempt: Attempt, ending: Ending, now: datetime) -> None:
    body = {
        "outcome": ending.outcome,
        "exit_code": ending.exit_code,
        "error": ending.error,
        "input_tokens": ending.usage.input_tokens,
        "output_tokens": ending.usage.output_tokens,
        "tools": [f"{tool.name} ×{tool.count}" for tool in ending.tools],
        "summary": ending.summary,
        "saved_ref": ending.saved_ref,
    }
    kind = "attempt.rescued" if ending.outcome is Outcome.WORKER_LOST else "attempt.finished"
    event = Event(
        kind=kind,
        actor=f"worker:{attempt.worker}",
        task=attempt.task,
        attempt=attempt.id,
        body={name: value for name, value in body.items() if value not in (None, [], 0)},
    )
    journal.append(transaction, event, now)


def _hand_over(
    transaction: Transaction, task: Task, ending: Ending, actor: str, now: datetime
) -> Task:
    """Let a task's change go to the merge queue."""
    landing = task._replace(
        state=TaskState.LANDING, attempt=None, feedback=None, result=ending.answer
    )
    tasks.move(transaction, task, landing, Event(kind="task.handed_over", actor=actor), now)
    change = cast("Change", ending.change)
    body = {"files": len(change.files), "added": change.added, "removed": change.removed}
    event = Event(kind="change.proposed", actor=actor, attempt=change.attempt, body=body)
    changes.insert(transaction, change, event, now)
    return landing


def _put_back(
    transaction: Transaction, task: Task, ending: Ending, step: Again, now: datetime
) -> Task:
    """Let a task wait for its next attempt, and tell people what is theirs to do until then."""
    *earlier, last = attempts.of_task(transaction, task.id)
    actor = f"worker:{last.worker}"
    # A session is its agent's own: one that took over leaves none for the task's agent.
    session = (ending.session if last.agent == task.agent else None) or task.session
    at = None if ending.movable and ending.outcome in LIMITS else step.not_before
    queued = task._replace(state=TaskState.QUEUED, attempt=None, not_before=at, session=session)
    body = {"after": ending.outcome, "tried": step.tried}
    tasks.move(transaction, task, queued, Event(kind="task.queued", actor=actor, body=body), now)
    if ending.outcome in LIMITS and step.not_before:
        _raise_barrier(transaction, last, ending, step.not_before, now)
    if _is_stalled(ending) and not _was_told(earlier, ending):
        why = f"{ending.outcome}: {ending.error or MEANINGS[ending.outcome].what_to_do}"
        event = Event(kind="task.stalled", actor=actor, task=task.id, body={"reason": why})
        journal.append(transaction, event, now)
    _ask(transaction, task, ending, actor, now)
    return queued


def _ask(transaction: Transaction, task: Task, ending: Ending, actor: str, now: datetime) -> None:
    """Ask what a person has to say before the next attempt: it may be said by now."""
    if ending.spent and still_spent(transaction, ending.spent):
        stop_at(transaction, ending.spent, task, now)
    question = ending.question if ending.outcome is Outcome.PARKED else None
    if question and question.id:
        return  # it has been asked already
    if question and not trust.will_be_trusted(transaction, question.git_dir or "", question.digest):
        approvals.ask(transaction, question, actor, now)


def _is_stalled(ending: Ending) -> bool:
    """Tell whether a person has to mend something who isn't asked a question about it."""
    if ending.outcome is Outcome.PARKED:
        return ending.question is None and ending.spent is None
    return is_stalled(ending.outcome)


def _raise_barrier(
    transaction: Transaction, attempt: Attempt, ending: Ending, until: datetime, now: datetime
) -> None:
    """Keep other tasks from running into a limit that one has met; it opens by itself."""
    kind = BarrierKind.PROVIDER if attempt.provider else BarrierKind.AGENT
    barrier = Barrier(
        kind=kind,
        name=attempt.provider or attempt.agent,
        cause=Cause.LIMIT,
        since=now,
        until=until,
        by="queue",
        reason=ending.error,
    )
    barriers.close(transaction, barrier, now)


def _was_told(earlier: Sequence[Attempt], ending: Ending) -> bool:
    """Tell whether the try before ended the same way: people need not hear it every minute."""
    if not earlier or earlier[-1].outcome is not ending.outcome:
        return False
    return ending.outcome is not Outcome.PARKED or earlier[-1].error == ending.error
