"""Agents that judge a race: how far the one is that was asked last, and the end of its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.outcome import Outcome
from deputize.model.race import Judging, stands
from deputize.model.states import TaskState
from deputize.store import changes, plans, settle, tasks
from deputize.verdict import LETTERS, read_verdict

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.plan import Plan
    from deputize.model.task import Task
    from deputize.store.database import Transaction
    from deputize.verdict import Verdict

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
