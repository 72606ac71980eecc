"""Plans: rows and values; where a plan stands is counted from its tasks."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from deputize.errors import NotFound
from deputize.model.need import On
from deputize.model.plan import Plan, PlanState, state_of
from deputize.model.race import Judge
from deputize.model.states import TaskState
from deputize.model.task import JUDGE_ORIGIN
from deputize.store import journal
from deputize.store.rows import maybe, maybe_number, number, text, to_moment, to_text, to_word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.event import Event
    from deputize.store.database import Row, Transaction

Counts = dict[TaskState, int]


def insert(transaction: Transaction, plan: Plan, event: Event, now: datetime) -> Plan:
    """Write a new plan with its event; its id in both is filled in."""
    row = transaction.one(
        "plans.insert",
        title=plan.title,
        origin=plan.origin,
        key=plan.key,
        key_digest=plan.key_digest,
        created_at=to_text(plan.created_at),
        judge=plan.judge,
        judge_agent=plan.judge_agent,
        judge_model=plan.judge_model,
        judge_provider=plan.judge_provider,
    )
    added = replace(plan, id=number(cast("Row", row), "id"))
    body = {"plan": added.id, **event.body}
    journal.append(transaction, replace(event, body=body), now)
    return added


def get(transaction: Transaction, plan: int) -> Plan:
    """Return a plan; NotFound if there is none."""
    return _required(transaction.one("plans.get", id=plan), plan)


def lock(transaction: Transaction, plan: int) -> Plan:
    """Return a plan, one of whose tasks this transaction moves: others wait for its end."""
    return _required(transaction.one("plans.lock", id=plan), plan)


def choose(transaction: Transaction, plan: int, change: int) -> None:
    """Write which change of a race is to land."""
    transaction.run("plans.choose", id=plan, chosen=change)


def ask(transaction: Transaction, plan: int, judging: int, compared: Sequence[int]) -> None:
    """Write in which task an agent judges a race, and about which changes it is asked."""
    transaction.run("plans.ask", id=plan, judging=judging, compared=json.dumps(list(compared)))


def by_key(transaction: Transaction, key: str) -> Plan | None:
    """Return the plan that was submitted with `key`."""
    row = transaction.one("plans.by_key", key=key)
    return None if row is None else _plan_of(row)


def counts(transaction: Transaction, plan: int) -> Counts:
    """Return how many tasks of a plan are in each state."""
    rows = transaction.all("plans.counts", plan=plan)
    return {to_word(TaskState, row["state"]): number(row, "count") for row in rows}


def tally(transaction: Transaction, plan: Plan) -> Counts:
    """Return the same without agents that have judged: that one is done, is no task done."""
    found = counts(transaction, plan.id)
    if plan.judging is None:
        return found
    for row in transaction.all("plans.judges", plan=plan.id, origin=JUDGE_ORIGIN):
        at = to_word(TaskState, row["state"])
        found[at] = found.get(at, 0) - number(row, "count")
    return {at: count for at, count in found.items() if count > 0}


def state(transaction: Transaction, plan: Plan) -> PlanState:
    """Say where a plan stands."""
    return state_of(tally(transaction, plan), is_race=plan.judge is not None)


def dependents(transaction: Transaction, plan: int) -> list[tuple[int, int, On]]:
    """Return who waits for tasks of a plan: the need, the task, and what is waited for."""
    return [
        (number(row, "need"), number(row, "task"), to_word(On, row["on"]))
        for row in transaction.all("plans.dependents", plan=plan)
    ]


def _required(row: Row | None, plan: int) -> Plan:
    if row is None:
        raise NotFound(f"there is no plan p{plan}", hint="`deputize run FILE` submits one")
    return _plan_of(row)


def _plan_of(row: Row) -> Plan:
    return Plan(
        id=number(row, "id"),
        title=text(row, "title"),
        origin=text(row, "origin"),
        key=maybe(row, "key"),
        key_digest=maybe(row, "key_digest"),
        created_at=to_moment(row["created_at"]),
        judge=None if row["judge"] is None else to_word(Judge, row["judge"]),
        chosen=maybe_number(row, "chosen"),
        judge_agent=maybe(row, "judge_agent"),
        judge_model=maybe(row, "judge_model"),
        judge_provider=maybe(row, "judge_provider"),
        judging=maybe_number(row, "judging"),
        compared=tuple(json.loads(text(row, "compared"))),
    )
