"""The end of a task, and what it means for the tasks that need it, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deputize.model.approval import ApprovalState
from deputize.model.event import Event
from deputize.model.need import VERDICTS, Verdict, verdict_on
from deputize.model.outcome import Outcome
from deputize.model.plan import PlanState
from deputize.model.states import TaskState
from deputize.store import approvals, journal, plans, tasks
from deputize.store.leaving import UNKNOWN, Ties

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from deputize.model.approval import Approval
    from deputize.model.task import Task
    from deputize.store.database import Transaction

Tips = Mapping[tuple[str, str], str]
"""The tip of each (git directory, target) at which a released dependent may start."""


def end(  # noqa: PLR0913 - an end has that many facts
    transaction: Transaction,
    task: Task,
    state: TaskState,
    *,
    actor: str,
    now: datetime,
    reason: Outcome | None = None,
    message: str | None = None,
    result: str | None = None,
    tips: Tips | None = None,
    ties: Ties = UNKNOWN,
) -> Task:
    """Move a task to a final state; release its dependents, or cancel them with the reason.

    What that means for each of them is in the table of `model/need.py`.
    """
    ended = task._replace(
        state=state,
        attempt=None,
        cancel_requested=False,
        feedback=None,
        finished_at=now,
        reason=reason,
        message=message,
        result=task.result if result is None else result,
    )
    _move(transaction, task, ended, actor, now)
    if ties.is_asked:
        _withdraw(transaction, approvals.unanswered_of_task(transaction, task.id), actor, now)
    fallen = _settle_dependents(transaction, ended, now, tips or {}) if ties.is_needed else []
    _tell_plans(transaction, [ended, *fallen], actor, now)
    return ended


def stop(
    transaction: Transaction,
    task: Task,
    *,
    actor: str,
    now: datetime,
    reason: Outcome,
    message: str | None = None,
) -> Task:
    """Cancel a task: at once where nothing runs, else as a request to whoever owns it.

    What is final, or is being stopped already, stays as it is.
    """
    if task.is_final or task.cancel_requested:
        return task
    if task.state in {TaskState.RUNNING, TaskState.LANDING}:
        body = {} if message is None else {"reason": reason, "message": message}
        event = Event(kind="task.cancel_requested", actor=actor, body=body)
        return tasks.move(transaction, task, task._replace(cancel_requested=True), event, now)
    return end(
        transaction,
        task,
        TaskState.CANCELLED,
        actor=actor,
        now=now,
        reason=reason,
        message=message,
    )


def _tell(transaction: Transaction, task: Task, ended: Task, actor: str, now: datetime) -> None:
    """Write an end with its event; what was asked about the task needs no answer any more."""
    _move(transaction, task, ended, actor, now)
    _withdraw(transaction, approvals.unanswered_of_task(transaction, task.id), actor, now)


def _move(transaction: Transaction, task: Task, ended: Task, actor: str, now: datetime) -> None:
    body = {"reason": ended.reason, "message": ended.message} if ended.reason else {}
    event = Event(kind=f"task.{ended.state}", actor=actor, body=body)
    tasks.move(transaction, task, ended, event, now)


def _withdraw(
    transaction: Transaction, questions: Iterable[Approval], actor: str, now: datetime
) -> None:
    for asked in questions:
        approvals.answer(transaction, asked, ApprovalState.WITHDRAWN, by=actor, words=None, now=now)


def _settle_dependents(
    transaction: Transaction, need: Task, now: datetime, tips: Tips
) -> list[Task]:
    """Move what waits for `need`, and for those that fall with it, which are returned.

    The dependents are locked before their needs are looked at: of two needs that end at once, the
    second waits here for the first, and then sees how that ended. What may fall is locked at once.
    """
    if need.state is not TaskState.DONE:
        tasks.lock_descendants(transaction, need.id)
    ended = [need]
    for found in ended:
        for dependent in tasks.lock_dependents(transaction, found.id):
            if dependent.state is not TaskState.BLOCKED:
                continue
            verdict = verdict_on(tasks.needs(transaction, dependent.id))
            if verdict is Verdict.MET:
                _release(transaction, dependent, f"task:{found.id}", now, tips)
            elif verdict is Verdict.LOST:
                ended.append(_cancel(transaction, dependent, found, now))
    return ended[1:]


def _cancel(transaction: Transaction, dependent: Task, lost: Task, now: datetime) -> Task:
    """Cancel a blocked task that would wait for ever."""
    ended = dependent._replace(
        state=TaskState.CANCELLED,
        finished_at=now,
        reason=Outcome.NEED_FAILED,
        message=f"#{lost.id} ({lost.title}) {lost.state}",
    )
    _tell(transaction, dependent, ended, f"task:{lost.id}", now)
    return ended


def _tell_plans(transaction: Transaction, ended: list[Task], actor: str, now: datetime) -> None:
    """Tell the end of each plan whose last open task is among these."""
    for number in sorted({task.plan for task in ended if task.plan is not None}):
        plan = plans.lock(transaction, number)
        state = plans.state(transaction, plan)
        if state is not PlanState.OPEN:
            body: dict[str, object] = {"plan": plan.id, "title": plan.title}
            counts = plans.tally(transaction, plan)
            body |= {str(at): count for at, count in counts.items()}
            if plan.judge is not None:
                body["ends"] = _ends(transaction, number)
            journal.append(transaction, Event(kind=f"plan.{state}", actor=actor, body=body), now)


def _ends(transaction: Transaction, plan: int) -> dict[str, str]:
    """Say how each that ran in a race has ended, and why where it did not win."""
    found = {}
    for task in tasks.of_plan(transaction, plan):
        if not task.is_judge:
            words = (task.agent, task.reason or task.state, task.message)
            found[f"#{task.id}"] = ": ".join(str(word) for word in words if word)
    return found


def tell_reopened(transaction: Transaction, task: Task, actor: str, now: datetime) -> None:
    """Tell that the plan of a final task, about to be revived, is open again, if it was not."""
    if task.plan is None:
        return
    plan = plans.lock(transaction, task.plan)
    if plans.state(transaction, plan) is not PlanState.OPEN:
        body = {"plan": plan.id, "title": plan.title, "task": task.id}
        journal.append(transaction, Event(kind="plan.reopened", actor=actor, body=body), now)


def _release(
    transaction: Transaction, dependent: Task, actor: str, now: datetime, tips: Tips
) -> None:
    """Put a blocked task whose needs are met in the queue, its base pinned at a tip that has them.

    Where the tip isn't known here, the base stays open and is pinned when the task is claimed.
    """
    base = dependent.base
    if dependent.git_dir and dependent.target:
        base = tips.get((dependent.git_dir, dependent.target), base)
    queued = dependent._replace(state=TaskState.QUEUED, base=base)
    event = Event(kind="task.released", actor=actor, body={"base": base} if base else {})
    tasks.move(transaction, dependent, queued, event, now)


def lost_needs(transaction: Transaction, task: int) -> list[int]:
    """Return the needs because of which a task would wait for ever."""
    needs = tasks.needs(transaction, task)
    return [need.id for need, state in needs if VERDICTS[need.on][state] is Verdict.LOST]


def has_to_wait(transaction: Transaction, task: int) -> bool:
    """Tell whether a need of a task is still open."""
    return verdict_on(tasks.needs(transaction, task)) is Verdict.OPEN


def revive_dependents(transaction: Transaction, need: Task, actor: str, now: datetime) -> None:
    """Let tasks wait again that were cancelled because of this one, and those that need them.

    One that lacks another need besides comes back when that one is revived.
    """
    tasks.lock_descendants(transaction, need.id)
    revived = [need]
    for found in revived:
        for dependent in tasks.lock_dependents(transaction, found.id):
            fell = dependent.reason is Outcome.NEED_FAILED
            if not fell or lost_needs(transaction, dependent.id):
                continue
            waiting = dependent._replace(
                state=TaskState.BLOCKED, finished_at=None, reason=None, message=None
            )
            event = Event(kind="task.blocked", actor=actor, body={"need": found.id})
            tell_reopened(transaction, dependent, actor, now)
            tasks.move(transaction, dependent, waiting, event, now)
            revived.append(waiting)


def targets_of_dependents(transaction: Transaction, task: int) -> set[tuple[str, str]]:
    """Return the (git directory, target) pairs whose tips `end` will want to know."""
    return {
        (dependent.git_dir, dependent.target)
        for dependent in tasks.dependents(transaction, task)
        if dependent.state is TaskState.BLOCKED and dependent.git_dir and dependent.target
    }
