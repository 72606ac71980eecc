"""Whose turn it is where changes race: one is chosen and why, or an agent is asked first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.event import Event
from deputize.model.race import JUDGE_ROLE, Judge, Turn, to_judge, turn_of
from deputize.model.states import TaskState
from deputize.model.task import JUDGE_ORIGIN, Place
from deputize.store import changes, journal, judges, plans, races, tasks
from deputize.verdict import LETTERS, question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from deputize.model.change import Change
    from deputize.model.plan import Plan
    from deputize.model.race import Race
    from deputize.model.task import Task
    from deputize.store.database import Transaction

ACTOR = "landing"


def take_turn(transaction: Transaction, change: Change, now: datetime) -> Turn:
    """Say what a change may do; that it is chosen to land is written: no other may from then on.

    Where an agent has to be asked first, the task in which it judges is made.
    """
    task = tasks.get(transaction, change.task)
    judges.lock(transaction, task.plan or 0)
    plan = plans.lock(transaction, task.plan or 0)
    race = races.of_plan(transaction, plan)
    if race is None:
        return Turn.LAND
    found = turn_of(race, changes.get(transaction, change.id))
    if found is Turn.LAND and race.chosen is None:
        plans.choose(transaction, race.plan, change.id)
        _tell_choice(transaction, race, change, now)
    elif found is Turn.ASK:
        _ask(transaction, plan, to_judge(race), now)
    return found


def _tell_choice(transaction: Transaction, race: Race, change: Change, now: datetime) -> None:
    event = Event(
        kind="change.chosen",
        actor=ACTOR,
        task=change.task,
        change=change.id,
        body={"plan": race.plan, "judge": race.judge, **_grounds(race, change)},
    )
    journal.append(transaction, event, now)


def _grounds(race: Race, change: Change) -> Mapping[str, object]:
    """Say on what grounds a change was chosen where an agent judges, be it without its verdict."""
    if race.judge is not Judge.AGENT:
        return {}
    found = race.judging
    if found is not None and found.best_change == change.id:
        return {"judging": found.task, "reason": found.reason}
    if found is not None and found.fallback and change.id in found.changes:
        return {"judging": found.task, "fallback": found.fallback, "reason": found.reason}
    return {"reason": "no other is left"}


def _ask(transaction: Transaction, plan: Plan, compared: Sequence[int], now: datetime) -> None:
    """Queue the task in which an agent judges some changes, in the order of their letters."""
    if plan.judging is not None:
        judges.stop(transaction, plan.judging, "there are others to judge", ACTOR, now)
    found = [changes.get(transaction, change) for change in compared]
    runners = [tasks.get(transaction, change.task) for change in found]
    task = task_of(plan, found[0], runners, now)
    body = {
        "title": task.title,
        "role": task.role,
        "agent": task.agent,
        "plan": plan.id,
        "changes": list(compared),
    }
    added = tasks.insert(transaction, task, Event(kind="task.queued", actor=ACTOR, body=body), now)
    plans.ask(transaction, plan.id, added.id, compared)


def task_of(plan: Plan, first: Change, runners: Sequence[Task], now: datetime) -> Task:
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
        commands=(),
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
        cancel_requested=False,
        started_at=None,
        finished_at=None,
        result=None,
        reason=None,
        message=None,
        lock=None,
        origin=JUDGE_ORIGIN,
    )
