"""Submit a plan: all its tasks with their needs in one transaction, or nothing at all."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.errors import DeputizeError, InvalidInput, UserError
from deputize.intake.drafting import content_of, digest_of, draft, event_of, origin_of, task_of
from deputize.intake.pins import bases_of, pinned
from deputize.intake.place import Places
from deputize.intake.racing import ready_judge, require_change
from deputize.intake.session import with_agent
from deputize.intake.submitting import git_dir_of, is_untrusted
from deputize.intake.validation import check_needs, needed, refuse_nothing_to_land
from deputize.model.event import Event
from deputize.model.need import On
from deputize.model.plan import PlacedTask, Plan, SubmittedPlan, in_order, label
from deputize.model.race import AskedJudge, Judge
from deputize.model.states import TaskState
from deputize.model.task import title_of
from deputize.store import meta, plans, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.intake.drafting import Draft
    from deputize.intake.racing import ReadyJudge
    from deputize.model.plan import PlannedTask, PlanSpec
    from deputize.model.task import Task
    from deputize.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A plan of which all is known but its ids."""

    spec: PlanSpec
    drafts: Sequence[Draft]
    tasks: Sequence[Task]
    """Without ids and plan; that they wait for tasks outside is looked at when they are stored."""
    order: Sequence[int]
    digest: str | None
    judge: ReadyJudge | None
    """The agent that judges, where they race and one does."""


def submit_plan(
    database: Database,
    home: Home,
    spec: PlanSpec,
    *,
    actor: str,
    now: datetime,
    trial: bool = False,
) -> SubmittedPlan:
    """Store a plan durably; what is wrong names the task and the field, and stores nothing.

    In a `trial` nothing is stored in any case.
    """
    again = _asked_before(database, spec)
    if again is not None:
        return again
    with database.read() as transaction:
        # Asked before the tips are read: what has landed by then is in them.
        waits = [_waits(transaction, place, task) for place, task in enumerate(spec.tasks)]
        origin = origin_of(transaction, actor)
    drafts = _drafts(database, home, spec, waits)
    order = _order(spec)
    ready = _Ready(
        spec=spec,
        drafts=drafts,
        tasks=[
            task_of(drafted, now, blocked=bool(task.needs), waits=waiting, origin=origin)
            for task, drafted, waiting in zip(spec.tasks, drafts, waits, strict=True)
        ],
        order=order,
        digest=_digest(spec, map(_git_dir, drafts)) if spec.key else None,
        judge=_judge(spec, drafts),
    )
    with database.read() as transaction:
        _check_all(transaction, ready)
        if trial:
            return _tried(transaction, ready, now)
    prepared = [
        (place, tasks.prepare(ready.tasks[place], event_of(ready.tasks[place], actor), now))
        for place in order
    ]
    with pinned(database, bases_of(drafts, waits)), database.write() as transaction:
        _keep(transaction, spec)
        known = plans.by_key(transaction, spec.key) if spec.key else None
        if known is not None:
            return _same_again(transaction, known, ready.digest, spec)
        if any(task.spec.key for task in spec.tasks):
            _check_all(transaction, ready)  # somebody may have used one of the keys meanwhile
        return _store(transaction, ready, prepared, actor, now)


def _waits(transaction: Transaction, place: int, task: PlannedTask) -> bool:
    """Tell whether anything that a task needs isn't done; NotFound where there is no such task."""
    with _of_task(place, task):
        states = {needed(transaction, need.id).state for need in task.spec.needs}
    return bool(task.needs) or states - {TaskState.DONE} != set()


def _judge(spec: PlanSpec, drafts: Sequence[Draft]) -> ReadyJudge | None:
    """Return the agent that judges, by the settings that hold where they race."""
    if spec.judge is not Judge.AGENT:
        return None
    return ready_judge(spec.judge_by, drafts[0].place.config)


def _order(spec: PlanSpec) -> list[int]:
    return in_order([[place for place, _ in task.needs] for task in spec.tasks])


def _git_dir(drafted: Draft) -> Path | None:
    return drafted.place.location.git_dir if drafted.place.location else None


def _digest(spec: PlanSpec, git_dirs: Iterable[Path | None]) -> str:
    content = [
        [content_of(task.spec, git_dir), sorted(task.needs)]
        for task, git_dir in zip(spec.tasks, git_dirs, strict=True)
    ]
    judge = [AskedJudge(spec.judge, spec.judge_by).label] if spec.judge else []
    return digest_of([spec.title, content, *judge])


def _asked_before(database: Database, spec: PlanSpec) -> SubmittedPlan | None:
    """Answer with the plan that has the key: what is stored already need not be possible anew."""
    if spec.key is None:
        return None
    with database.read() as transaction:
        known = plans.by_key(transaction, spec.key)
    if known is None:
        return None
    places = {task.spec.repo: git_dir_of(task.spec) for task in spec.tasks}
    digest = _digest(spec, [places[task.spec.repo] for task in spec.tasks])
    with database.read() as transaction:
        return _same_again(transaction, known, digest, spec)


def _keep(transaction: Transaction, spec: PlanSpec) -> None:
    """See that nobody else uses these keys, or moves what is needed, before this is stored."""
    keys = {f"key:{task.spec.key}" for task in spec.tasks if task.spec.key}
    for name in sorted(keys | ({f"plan:{spec.key}"} if spec.key else set())):
        meta.alone(transaction, name)
    for need in sorted({need.id for task in spec.tasks for need in task.spec.needs}):
        tasks.keep(transaction, need)


def _drafts(database: Database, home: Home, spec: PlanSpec, waits: Sequence[bool]) -> list[Draft]:
    """Look every task's place up, and each repository and branch once."""
    places = Places(home)
    drafts = []
    for place, task in enumerate(spec.tasks):
        with _of_task(place, task):
            found = places.find(task.spec, waits=waits[place])
            if spec.judge is not None:
                require_change(task.spec, found.config)
            drafts.append(draft(with_agent(database, task.spec), found, task.spec))
    return drafts


@contextmanager
def _of_task(place: int, task: PlannedTask) -> Iterator[None]:
    """Say of an error in which task it is, and in which field."""
    try:
        yield
    except DeputizeError as error:
        if task.is_entrant:
            raise
        field = error.field if isinstance(error, UserError) else None
        where = label(place, task.name)
        error.within(f"{where}.{field}" if field else where)
        raise


def _same_again(
    transaction: Transaction, known: Plan, digest: str | None, spec: PlanSpec
) -> SubmittedPlan:
    if known.key_digest != digest:
        raise InvalidInput(
            f"key: {spec.key!r} belongs to p{known.id}, which asks for something else",
            hint="use another key, or submit exactly the same",
            field="key",
        )
    asked = [task for task in tasks.of_plan(transaction, known.id) if not task.is_judge]
    found = zip(_order(spec), asked, strict=True)
    placed = [
        PlacedTask(
            spec.tasks[place].name,
            task,
            [(need.id, need.on) for need, _ in tasks.needs(transaction, task.id)],
        )
        for place, task in found
    ]
    return SubmittedPlan(plan=known, tasks=placed, created=False, untrusted=False)


def _check_all(transaction: Transaction, ready: _Ready) -> None:
    """Refuse what would wait for ever, and keys that are taken."""
    planned = ready.spec.tasks
    for place, (task, drafted) in enumerate(zip(planned, ready.drafts, strict=True)):
        with _of_task(place, task):
            _check(transaction, task, drafted, ready)


def _check(transaction: Transaction, task: PlannedTask, drafted: Draft, ready: _Ready) -> None:
    _refuse_taken(transaction, task.spec.key)
    for need, on in task.needs:
        if on is On.LANDED:
            other = ready.spec.tasks[need]
            refuse_nothing_to_land(label(need, other.name), other.spec, drafted.place.config)
    check_needs(transaction, task.spec.needs, drafted.place.config)


def _refuse_taken(transaction: Transaction, key: str | None) -> None:
    taken = tasks.by_key(transaction, key) if key else None
    if taken is not None:
        raise InvalidInput(
            f"{key!r} belongs to #{taken.id} already",
            hint="a key of the plan itself lets it be submitted again",
            field="key",
        )


def _tried(transaction: Transaction, ready: _Ready, now: datetime) -> SubmittedPlan:
    placed = []
    for place in ready.order:
        planned = ready.spec.tasks[place]
        task = ready.tasks[place]._replace(state=_state(transaction, ready, place))
        needs: list[tuple[int | str, On]] = [
            (ready.spec.tasks[need].name or "", on) for need, on in planned.needs
        ]
        needs += [(need.id, need.on) for need in planned.spec.needs]
        placed.append(PlacedTask(planned.name, task, needs))
    return _submitted(transaction, ready, _plan(ready, now), placed)


def _store(
    transaction: Transaction,
    ready: _Ready,
    prepared: Sequence[tuple[int, tasks.Prepared]],
    actor: str,
    now: datetime,
) -> SubmittedPlan:
    asked = _plan(ready, now)
    body: dict[str, object] = {"title": asked.title, "tasks": len(ready.order)}
    if asked.judge is not None:
        body["judge"] = AskedJudge(asked.judge, ready.spec.judge_by).label
    plan = plans.insert(transaction, asked, Event(kind="plan.queued", actor=actor, body=body), now)
    ids: dict[int, int] = {}
    ranks: dict[int, int] = {}
    placed = []
    for place, made in prepared:
        planned = ready.spec.tasks[place]
        needs = [(ids[need], on) for need, on in planned.needs]
        needs += [(need.id, need.on) for need in planned.spec.needs]
        state = _state(transaction, ready, place)
        task = tasks.insert_prepared(
            transaction, made, now, plan=plan.id, state=state, needs=needs, ranks=ranks
        )
        ids[place] = task.id
        placed.append(PlacedTask(planned.name, task, needs))
    return _submitted(transaction, ready, plan, placed)


def _plan(ready: _Ready, now: datetime) -> Plan:
    first = ready.spec.tasks[0].spec
    title = title_of(ready.spec.title or first.title or first.prompt)
    more = len(ready.order) - 1
    if ready.spec.title is None and more:
        title = f"{title} and {more} more"
    return Plan(
        id=0,
        title=title,
        origin=ready.spec.origin,
        key=ready.spec.key,
        key_digest=ready.digest,
        created_at=now,
        judge=ready.spec.judge,
        judge_agent=ready.judge.agent if ready.judge else None,
        judge_model=ready.judge.model if ready.judge else None,
        judge_provider=ready.judge.provider if ready.judge else None,
    )


def _state(transaction: Transaction, ready: _Ready, place: int) -> TaskState:
    """Return the state of a task; what it needs from outside, and its key, are looked at again."""
    planned, state = ready.spec.tasks[place], ready.tasks[place].state
    if not (planned.spec.needs or planned.spec.key):
        return state
    with _of_task(place, planned):
        _refuse_taken(transaction, planned.spec.key)
        waits = check_needs(transaction, planned.spec.needs, ready.drafts[place].place.config)
    return TaskState.BLOCKED if waits else state


def _submitted(
    transaction: Transaction, ready: _Ready, plan: Plan, placed: Sequence[PlacedTask]
) -> SubmittedPlan:
    found = {drafted.place.location: drafted.place for drafted in ready.drafts}
    untrusted = any(is_untrusted(transaction, place) for place in found.values())
    return SubmittedPlan(plan=plan, tasks=placed, created=True, untrusted=untrusted)
