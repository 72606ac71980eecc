"""Verbs about plans: submit one, look at one, and see how tasks hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk.bells import ring
from deputize.desk.races import race_view
from deputize.desk.stations import ensure_worker
from deputize.desk.tasks import standing_of, views_of
from deputize.model.budget import Account, Scope
from deputize.model.need import On, Verdict, verdict_on
from deputize.model.states import TaskState
from deputize.store import plans, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deputize.desk.context import Desk
    from deputize.desk.races import RaceView
    from deputize.desk.tasks import TaskView
    from deputize.model.budget import Standing
    from deputize.model.plan import Plan, PlanSpec, PlanState, SubmittedPlan
    from deputize.model.task import Task, TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A plan with everything that is known of it."""

    plan: Plan
    state: PlanState
    counts: Mapping[TaskState, int]
    """How many tasks are in each state; an agent that has judged is none of them."""
    tasks: Sequence[TaskView]
    """Each after those that it needs."""
    unblocks: Mapping[int, Sequence[tuple[int, On]]]
    """The tasks that wait for one of the plan, its own and others, and for what of it."""
    race: RaceView | None = None
    """How far their race is, where they race."""
    spent: Standing | None = None
    """What its tasks have spent, of what; None where that is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What a task belongs to, and what waits for it."""

    plan: Plan | None
    unblocks: Sequence[Task]
    race: RaceView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What would become of the tasks that wait for those that a person cancels."""

    cancelled: Sequence[Task]
    released: Sequence[Task]


def read(desk: Desk, content: bytes, name: str, folder: str) -> PlanSpec:
    """Read a plan from JSON; InvalidInput names the task and the field that is wrong."""
    from deputize.incoming import document_of
    from deputize.intake.linking import link
    from deputize.intake.reading import read_plan
    from deputize.model.plan import PLAN_BYTES

    document = document_of(content, name, PLAN_BYTES)
    return link(read_plan(document, now=desk.clock.now(), folder=folder))


def race(spec: TaskSpec, agents: Sequence[str], judge: str | None) -> PlanSpec:
    """Make a plan of one task that several agents get; one change of theirs lands."""
    from deputize.intake.racing import AskedRace, race_of, read_judge
    from deputize.model.race import Judge

    return race_of(spec, AskedRace(agents, read_judge(judge or Judge.CHECKS)))


def submit(desk: Desk, spec: PlanSpec, *, trial: bool = False) -> SubmittedPlan:
    """Store all tasks of a plan durably, or none, and ring the workers' doorbells."""
    from deputize.intake.plans import submit_plan

    submitted = submit_plan(
        desk.database, desk.home, spec, actor=desk.actor, now=desk.clock.now(), trial=trial
    )
    if not trial:
        ring(desk)
    return submitted


def start_for(desk: Desk, wanting: Iterable[Task]) -> bool:
    """Start a background worker where none could take one of these; tell whether it did."""
    if not load_config(desk.home.config).worker.autostart:
        return False
    roles = {task.role: task for task in wanting if not task.is_final}
    return any(ensure_worker(desk, task) for task in roles.values())


def schema(what: str) -> dict[str, object]:
    """Return the JSON Schema of a `task`, `plan`, `verdict`, `entry`, or requested `change`."""
    if what == "entry":
        from deputize.audit.schema import entry_schema

        return entry_schema()
    if what == "verdict":
        from deputize.verdict import verdict_schema

        return verdict_schema()
    if what == "change":
        from deputize.changes.schema import change_schema

        return change_schema()
    from deputize.intake.schemas import plan_schema, task_schema

    return {"task": task_schema, "plan": plan_schema}[what]()


def view(desk: Desk, plan_id: int) -> PlanView:
    """Return one plan whole; NotFound if there is none."""
    with desk.database.read() as transaction:
        plan = plans.get(transaction, plan_id)
        counts, state = plans.tally(transaction, plan), plans.state(transaction, plan)
        found = views_of(desk, transaction, tasks.of_plan(transaction, plan_id))
        unblocks: dict[int, list[tuple[int, On]]] = {}
        for need, task, on in plans.dependents(transaction, plan_id):
            unblocks.setdefault(need, []).append((task, on))
        race = race_view(transaction, plan)
        account = Account(Scope.PLAN, str(plan_id))
        ceiling = load_config(desk.home.config).budget.plan
        spent = standing_of(transaction, account, ceiling)
    return PlanView(
        plan=plan,
        state=state,
        counts=counts,
        tasks=found,
        unblocks=unblocks,
        race=race,
        spent=spent,
    )


def kin(desk: Desk, task_id: int) -> Kin:
    """Return the plan of a task, and what waits for it."""
    with desk.database.read() as transaction:
        task = tasks.get(transaction, task_id)
        plan = None if task.plan is None else plans.get(transaction, task.plan)
        race = race_view(transaction, plan) if plan else None
        waiting = [
            dependent
            for dependent in tasks.dependents(transaction, task_id)
            if dependent.state is TaskState.BLOCKED
        ]
    return Kin(plan=plan, unblocks=waiting, race=race)


def task_ids(desk: Desk, plan_id: int) -> list[int]:
    """Return the tasks of a plan, first to last; NotFound if there is no such plan."""
    with desk.database.read() as transaction:
        plans.get(transaction, plan_id)
        return [task.id for task in tasks.of_plan(transaction, plan_id)]


def is_raced(desk: Desk, plan_id: int) -> bool:
    """Tell whether the tasks of a plan race; NotFound if there is no such plan."""
    with desk.database.read() as transaction:
        return plans.get(transaction, plan_id).judge is not None


def consequences(desk: Desk, ids: Iterable[int]) -> Consequences:
    """Foresee what cancelling these tasks means for those that need them, at any distance."""
    fallen: list[Task] = []
    released: dict[int, Task] = {}
    with desk.database.read() as transaction:
        asked = [task for task in (tasks.get(transaction, one) for one in ids) if not task.is_final]
        ended = {task.id: TaskState.CANCELLED for task in asked}
        for lost in (queue := [*ended]):
            for task in tasks.dependents(transaction, lost):
                if task.state is not TaskState.BLOCKED or task.id in ended:
                    continue
                needs = [
                    (need, ended.get(need.id, state))
                    for need, state in tasks.needs(transaction, task.id)
                ]
                verdict = verdict_on(needs)
                if verdict is Verdict.LOST:
                    ended[task.id] = TaskState.CANCELLED
                    fallen.append(task)
                    queue.append(task.id)
                elif verdict is Verdict.MET:
                    released[task.id] = task
    return Consequences(cancelled=fallen, released=list(released.values()))
