"""Races: plans whose tasks are one task given to several agents; one change of theirs lands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.outcome import Outcome
from deputize.model.race import (
    Race,
    Standing,
    Turn,
    entrant_of,
    stands,
    turn_of,
)
from deputize.model.states import TaskState
from deputize.store import changes, judges, plans, settle, tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.change import Change
    from deputize.model.plan import Plan
    from deputize.model.task import Task
    from deputize.store.database import Transaction


def of_task(transaction: Transaction, task: Task) -> Race | None:
    """Return the race that a task runs in, as it stands; None where it runs in none."""
    plan = None if task.plan is None else plans.get(transaction, task.plan)
    return None if plan is None else of_plan(transaction, plan)


def of_plan(transaction: Transaction, plan: Plan) -> Race | None:
    """Return the race of a plan, as it stands; None where its tasks run in none."""
    if plan.judge is None:
        return None
    entrants = [
        entrant_of(task, changes.latest_of_task(transaction, task.id))
        for task in tasks.of_plan(transaction, plan.id)
        if not task.is_judge
    ]
    chosen = _chosen(transaction, plan)
    return Race(plan.id, plan.judge, chosen, entrants, judges.judging_of(transaction, plan))


def _chosen(transaction: Transaction, plan: Plan) -> int | None:
    """Return the change that was chosen, unless it was lost since: then another may be."""
    if plan.chosen is None or not stands(changes.get(transaction, plan.chosen)):
        return None
    return plan.chosen


def turn(transaction: Transaction, change: Change) -> Turn:
    """Say what a change in the merge queue may do."""
    race = of_task(transaction, tasks.get(transaction, change.task))
    return Turn.LAND if race is None else turn_of(race, change)


def winner_of(transaction: Transaction, task: Task) -> Task | None:
    """Return who has won the race that a task runs in; None where nobody has, or there is none."""
    return None if task.plan is None else winner(transaction, plans.get(transaction, task.plan))


def winner(transaction: Transaction, plan: Plan) -> Task | None:
    """Return which task of a plan has won, where they race; None where none has."""
    if plan.judge is None or plan.chosen is None:
        return None
    task = tasks.get(transaction, changes.get(transaction, plan.chosen).task)
    return task if task.state is TaskState.DONE else None


def cancelled_as(transaction: Transaction, task: Task) -> tuple[Outcome, str | None]:
    """Say why a task that was asked to stop is cancelled: a person wants it so, or it has lost."""
    found = winner_of(transaction, task)
    return (Outcome.CANCELLED, None) if found is None else (Outcome.RACE_LOST, told_of(found))


def told_of(won: Task) -> str:
    """Tell the others of a race who has won."""
    return f"#{won.id} ({won.agent}) has won the race"


def leave_judge(transaction: Transaction, task: Task, actor: str, now: datetime) -> None:
    """Stop the agent that judges where a task, about to end, leaves nothing to judge."""
    race = of_task(transaction, task)
    if race is None or race.judging is None or race.judging.is_over:
        return
    left = [one for one in race.entrants if one.task != task.id]
    if all(one.standing is Standing.OUT for one in left):
        judges.stop(transaction, race.judging.task, judges.NOTHING_LEFT, actor, now)


def lock_others(transaction: Transaction, task: Task) -> list[Task]:
    """Lock all tasks of the race that a task runs in, itself too, and return the others.

    In the order of their ids, before the plan, as everybody does who ends several.
    """
    plan = None if task.plan is None else plans.get(transaction, task.plan)
    if plan is None or plan.judge is None:
        return []
    ids = [one.id for one in tasks.of_plan(transaction, plan.id)]
    locked = [tasks.lock(transaction, one) for one in ids]
    return [one for one in locked if one.id != task.id]


def stop_others(
    transaction: Transaction, won: Task, others: list[Task], actor: str, now: datetime
) -> None:
    """Cancel those that have lost: at once where nothing runs, else as a request to their owner."""
    for task in others:
        settle.stop(
            transaction,
            task,
            actor=actor,
            now=now,
            reason=Outcome.RACE_LOST,
            message=told_of(won),
        )
