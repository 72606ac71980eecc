"""Agents that judge a race: a task of its own, which changes nothing, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.race import JUDGE_ROLE, Judge, Judging, stands
from deputize.model.states import TaskState
from deputize.model.task import JUDGE_ORIGIN, Place
from deputize.store import changes, plans, settle, tasks
from deputize.verdict import LETTERS, question, read_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deputize.model.change import Change
    from deputize.model.plan import Plan
    from deputize.model.task import Task
    from deputize.store.database import Transaction
    from deputize.verdict import Verdict

ACTOR = "landing"
NOTHING_LEFT = "nothing is left to judge"


def judging_of(transaction: Transaction, plan: Plan) -> Judging | None:
    """Return how far the agent is that was asked last; None where none was."""
    if plan.judging is None:
        return None
    task = tasks.get(transaction, plan.judging)
    verdict = _verdict(task, LETTERS[: len(plan.compared)])
    return Judging(
        task=task.id,
        changes=plan.compared,
        is_over=task.is_final,
        best_change=plan.compared[LETTERS.index(verdict.letter)] if verdict else None,
        reason=verdict.reason if verdict else _why_not(task),
        is_moot=_is_moot(transaction, plan, task),
    )


def _verdict(task: Task, letters: str) -> Verdict | None:
    if task.state is not TaskState.DONE:
        return None
    try:
        return read_verdict(task.result or "", letters)
    except InvalidInput:
        return None


def _is_moot(transaction: Transaction, plan: Plan, task: Task) -> bool:
    """Tell it by what became of the changes: one that a person stops is cancelled just so."""
    if task.reason is Outcome.RACE_LOST:
        return True
    if task.state is not TaskState.CANCELLED or plan.chosen in plan.compared:
        return False
    return not any(stands(changes.get(transaction, change)) for change in plan.compared)


def _why_not(task: Task) -> str | None:
    """Say why there is no verdict; None while there may still be one."""
    if task.state is TaskState.DONE:
        return "its answer is no verdict"
    return ": ".join(str(word) for word in (task.reason, task.message) if word) or None


def grounds(transaction: Transaction, plan: Plan, change: Change) -> Mapping[str, object]:
    """Say on what grounds a change was chosen where an agent judges, be it without its verdict."""
    if plan.judge is not Judge.AGENT:
        return {}
    found = judging_of(transaction, plan)
    if found is not None and found.best_change == change.id:
        return {"judging": found.task, "reason": found.reason}
    if found is not None and found.fallback and change.id in found.changes:
        return {"judging": found.task, "fallback": found.fallback, "reason": found.reason}
    return {"reason": "no other is left"}


def lock(transaction: Transaction, plan: int) -> None:
    """Lock the task of the agent that judges: before the plan, as everybody does who ends it."""
    judging = plans.get(transaction, plan).judging
    if judging is not None:
        tasks.lock(transaction, judging)


def stop(transaction: Transaction, judging: int, why: str, actor: str, now: datetime) -> None:
    """Stop an agent that judges."""
    task = tasks.lock(transaction, judging)
    reason = Outcome.CANCELLED
    settle.stop(transaction, task, actor=actor, now=now, reason=reason, message=why)


def ask(transaction: Transaction, plan: Plan, compared: Sequence[int], now: datetime) -> None:
    """Queue the task in which an agent judges some changes, in the order of their letters."""
    if plan.judging is not None:
        stop(transaction, plan.judging, "there are others to judge", ACTOR, now)
    found = [changes.get(transaction, change) for change in compared]
    runners = [tasks.get(transaction, change.task) for change in found]
    task = _task(plan, found[0], runners, now)
    body = {
        "title": task.title,
        "role": task.role,
        "agent": task.agent,
        "plan": plan.id,
        "changes": list(compared),
    }
    added = tasks.insert(transaction, task, Event(kind="task.queued", actor=ACTOR, body=body), now)
    plans.ask(transaction, plan.id, added.id, compared)


def _task(plan: Plan, first: Change, runners: Sequence[Task], now: datetime) -> Task:
    """Make the task of a judge: where, how urgent and how long is as with those that it judges."""
    asked = runners[0]
    return asked._replace(
        id=0,
        title="judging " + ", ".join(f"#{task}" for task in sorted(one.id for one in runners)),
        prompt=question(asked.prompt, LETTERS[: len(runners)]),
        role=JUDGE_ROLE,
        kind=None,
        state=TaskState.QUEUED,
        place=Place.READ_ONLY,
        base=first.base,
        scope=(),
        agent=plan.judge_agent or asked.agent,
        model=plan.judge_model,
        provider=plan.judge_provider,
        checks=(),
        output=None,
        not_before=None,
        key=None,
        key_digest=None,
        session=None,
        round_start=1,
        rework_count=0,
        feedback=None,
        attempt=None,
        created_at=now,
        started_at=None,
        result=None,
        lock=None,
        origin=JUDGE_ORIGIN,
    )
