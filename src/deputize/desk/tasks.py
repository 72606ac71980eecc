"""Verbs about tasks that are there: look, wait, cancel, retry, hold."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from deputize import queue
from deputize.config.load import load_config
from deputize.desk.bells import live_workers, ring, running_workers
from deputize.desk.choosing import OPEN, by_ids, require_plan
from deputize.desk.narrowing import ALL
from deputize.errors import NotFound, NotYet
from deputize.model.barrier import Cause
from deputize.model.budget import Account, Ceiling, Scope, Standing, ceiling_of
from deputize.model.fallback import dry, is_dry, open_ones, substitute_for
from deputize.model.need import VERDICTS, Verdict
from deputize.model.order import aged, barred, why_barred
from deputize.model.outcome import STALLS
from deputize.model.race import Turn, turn_of
from deputize.model.states import ChangeState, TaskState
from deputize.model.waiting import Facts, Line, Seats, waiting_for
from deputize.store import approvals, attempts, barriers, changes, line, races, spending, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.approval import Approval
    from deputize.model.attempt import Attempt
    from deputize.model.barrier import Barrier
    from deputize.model.change import Change
    from deputize.model.limits import Limits
    from deputize.model.need import Need
    from deputize.model.order import Busy
    from deputize.model.race import Race
    from deputize.model.rules import Rules
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Transaction

LOOKS = 20
"""Looks without news after which it reads anyway, once a second."""
SHOWN = 10
"""Tasks that an error names; of more it says how many."""
POLL_SECONDS = 0.05
"""How often a waiting verb looks whether anything was committed; a look costs microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """A task with everything that is known of it."""

    task: Task
    waiting_for: str | None
    needs: Sequence[Need]
    attempts: Sequence[Attempt]
    change: Change | None
    approvals: Sequence[Approval]
    spent: Standing | None = None
    """What it has spent, with what it delegated, of what; None where that is nothing."""


def is_blocked(view: TaskView) -> bool:
    """Tell whether the task's change can't land before a person has mended something."""
    if view.change is None or view.task.state is not TaskState.LANDING:
        return False
    return view.change.state is ChangeState.QUEUED and bool(view.change.reason)


def latest_id(desk: Desk) -> int:
    """Return the id of the newest task; NotFound if there is none."""
    with desk.database.read() as transaction:
        newest = tasks.latest(transaction)
    if newest is None:
        raise NotFound("there is no task yet", hint='deputize add "what is to be done"')
    return newest.id


def view(desk: Desk, task_id: int) -> TaskView:
    """Return one task whole; NotFound if there is none."""
    now = desk.clock.now()
    with desk.database.read() as transaction:
        task = tasks.get(transaction, task_id)
        found = _view(transaction, task, _crew(desk, transaction, now), now)
        return replace(found, spent=_spent(desk, transaction, task))


def _spent(desk: Desk, transaction: Transaction, task: Task) -> Standing | None:
    account = Account(Scope.TASK, str(task.root or task.id))
    root = tasks.get(transaction, task.root) if task.root else task
    ceiling = ceiling_of(account, load_config(desk.home.config).budget, root)
    return standing_of(transaction, account, ceiling)


def standing_of(transaction: Transaction, account: Account, ceiling: Ceiling) -> Standing | None:
    """Return how an account stands; None where nothing was spent and nothing is bounded."""
    spent, granted = spending.get(transaction, account)
    if not spent.tokens and not ceiling.is_set:
        return None
    return Standing(account, spent, ceiling, granted)


def listing(desk: Desk, wanted: Narrowing = ALL, *, everything: bool = False) -> list[TaskView]:
    """Return what is not final, oldest first; or, by state, reason or moment, tasks newest first.

    NotFound where there is no such plan as is wanted.
    """
    wanted = wanted.within(list(TaskState))
    with desk.database.read() as transaction:
        require_plan(transaction, wanted)
        query = tasks.listing if everything or wanted.tells_when else tasks.unfinished
        found = query(transaction, limit=wanted.limit, **wanted.asked_of_tasks)
        return views_of(desk, transaction, found)


def board(desk: Desk, wanted: Narrowing = ALL) -> list[TaskView]:
    """Return what is not final, oldest first, whatever else narrows it; NotFound as above."""
    wanted = wanted.within(OPEN)
    with desk.database.read() as transaction:
        require_plan(transaction, wanted)
        found = tasks.unfinished(transaction, limit=wanted.limit, **wanted.asked_of_tasks)
        return views_of(desk, transaction, found)


def views(desk: Desk, ids: Iterable[int]) -> list[TaskView]:
    """Return tasks whole; NotFound where there is none of an id."""
    with desk.database.read() as transaction:
        found = [tasks.get(transaction, task_id) for task_id in ids]
        return views_of(desk, transaction, found)


def views_of(desk: Desk, transaction: Transaction, found: Iterable[Task]) -> list[TaskView]:
    """Return tasks whole; who is there to work is looked up once."""
    now = desk.clock.now()
    crew = _crew(desk, transaction, now)
    return [_view(transaction, task, crew, now) for task in found]


class Crew(NamedTuple):
    """Who is there to work, looked up once for a whole listing."""

    serving: Sequence[Worker]
    """The workers that still take tasks."""
    taken: Mapping[str, int]
    """How many slots of a worker are taken."""
    open_attempts: Mapping[int, str]
    """Tasks with an open attempt, and its worker."""
    running: Mapping[str, str]
    """Workers that run, draining ones too, and the host of each."""
    busy: Sequence[Busy]
    barriers: Sequence[Barrier]
    rules: Rules


def _crew(desk: Desk, transaction: Transaction, now: datetime) -> Crew:
    attempted = {attempt.task: attempt.worker for attempt in attempts.unfinished(transaction)}
    return Crew(
        serving=live_workers(transaction, now),
        taken=Counter(attempted.values()),
        open_attempts=attempted,
        running={worker.id: worker.host for worker in running_workers(transaction, now)},
        busy=line.busy(transaction),
        barriers=barriers.closed(transaction, now),
        rules=load_config(desk.home.config).rules,
    )


def _view(transaction: Transaction, task: Task, crew: Crew, now: datetime) -> TaskView:
    needs = tasks.needs(transaction, task.id)
    change = changes.latest_of_task(transaction, task.id)
    asked = approvals.unanswered_of_task(transaction, task.id)
    tried = attempts.of_task(transaction, task.id)
    facts = Facts(
        unmet=[need.id for need, at in needs if VERDICTS[need.on][at] is not Verdict.MET],
        approvals=asked,
        change=change,
        seats=_seats(task, crew),
        is_landed=any(task.host in {None, host} for host in crew.running.values()),
        aged=_aged(transaction, task, crew.rules.limits, now),
        stalled=_stalled(task, tried),
        works_there=_works_there(transaction, task),
        race=_race(transaction, task, change),
        barred=_why_barred(task, crew) or _short(transaction, task, crew, now),
        is_attended=crew.open_attempts.get(task.id) in {None, *crew.running},
        now=now,
    )
    return TaskView(
        task=task,
        waiting_for=waiting_for(task, facts),
        needs=[need for need, _ in needs],
        attempts=tried,
        change=change,
        approvals=approvals.of_task(transaction, task.id),
    )


def _seats(task: Task, crew: Crew) -> list[Seats]:
    """Return what the workers offer that are where the task can be done."""
    return [
        Seats(worker.roles, worker.slots - crew.taken.get(worker.id, 0))
        for worker in crew.serving
        if task.host in {None, worker.host}
    ]


def _why_barred(task: Task, crew: Crew) -> str | None:
    """Say what keeps a task in the queue; a limit does not where another agent takes over."""
    limits, raised, closed = crew.rules.limits, crew.barriers, dry(crew.barriers)
    if is_dry(task, closed) and task.agent in {one.agent for one in crew.rules.fallback}:
        able = open_ones(crew.rules.fallback, barred(crew.busy, limits, raised), closed)
        if substitute_for(task, able):
            raised = [barrier for barrier in raised if barrier.cause is not Cause.LIMIT]
    return why_barred(task, crew.busy, limits, raised)


def _short(transaction: Transaction, task: Task, crew: Crew, now: datetime) -> str | None:
    """Say which budget a queued task waits for, of which what runs may use up the rest."""
    if task.state is not TaskState.QUEUED:
        return None
    account = queue.short_of(transaction, task, crew.rules.budgets, now)
    return account and Line.PROMISED.format(account=account.label)


def _aged(transaction: Transaction, task: Task, limits: Limits, now: datetime) -> int | None:
    """Return the priority that waiting has made of a queued task's, where it did."""
    since = line.ready_since(transaction, task.id) if task.state is TaskState.QUEUED else None
    if since is None:
        return None
    found = aged(task.priority, now - since, limits.ageing_seconds)
    return found if found < task.priority else None


def _works_there(transaction: Transaction, task: Task) -> int | None:
    if task.state is not TaskState.LANDING or task.git_dir is None or task.target is None:
        return None
    return tasks.in_place(transaction, task.git_dir, task.target)


def _race(transaction: Transaction, task: Task, change: Change | None) -> Race | None:
    """Return the race in which a task's change has to wait for others."""
    if task.state is not TaskState.LANDING or change is None:
        return None
    race = races.of_task(transaction, task)
    return race if race and turn_of(race, change) in {Turn.WAIT, Turn.ASK} else None


def _stalled(task: Task, tried: Sequence[Attempt]) -> str | None:
    """Return what keeps a queued task from beginning, of what a person can mend."""
    if task.not_before is None or not tried or tried[-1].outcome not in STALLS:
        return None
    return tried[-1].error


def cancel(desk: Desk, task_id: int) -> Task:
    """Cancel a task; one that is final stays as it is."""
    task = queue.cancel(desk.database, task_id, desk.actor, desk.clock.now())
    ring(desk)
    return task


def retry(desk: Desk, task_id: int, *, resume: bool = False) -> Task:
    """Revive a task that failed or was cancelled."""
    task = queue.retry(desk.database, task_id, desk.actor, desk.clock.now(), resume=resume)
    ring(desk)
    return task


def hold(desk: Desk, task_id: int) -> Task:
    """Pause a task that hasn't started."""
    return queue.hold(desk.database, task_id, desk.actor, desk.clock.now(), held=True)


def release(desk: Desk, task_id: int) -> Task:
    """Let a held task go on."""
    task = queue.hold(desk.database, task_id, desk.actor, desk.clock.now(), held=False)
    ring(desk)
    return task


def result(desk: Desk, task_id: int) -> Task:
    """Return a final task; NotYet while it isn't final."""
    task = view(desk, task_id).task
    if not task.is_final:
        hint = f"`deputize wait {task.id}` waits for it"
        raise NotYet(f"#{task.id} is {task.state}: there is no result yet", hint=hint)
    return task


def wait(desk: Desk, ids: Iterable[int], timeout_seconds: float | None = None) -> list[Task]:
    """Return the tasks once all are final; NotYet where `timeout_seconds` pass before."""
    wanted = list(ids)
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    found = by_ids(desk, wanted)
    while any(not task.is_final for task in found):
        if not await_commit(desk, deadline):
            pending = [task for task in by_ids(desk, wanted) if not task.is_final]
            if pending:
                raise NotYet(_still_waiting(pending), hint="the tasks go on; wait again, or longer")
        with desk.database.read() as transaction:
            left = tasks.unfinished_count(transaction, wanted)
        # One that was revived meanwhile is waited for again: all have to be final at one moment.
        found = found if left else by_ids(desk, wanted)
    return found


def are_final(desk: Desk, ids: Iterable[int]) -> bool:
    """Tell whether none of these tasks is open at this moment."""
    with desk.database.read() as transaction:
        return tasks.unfinished_count(transaction, list(ids)) == 0


def _still_waiting(pending: Sequence[Task]) -> str:
    shown = ", ".join(f"#{task.id} is {task.state}" for task in pending[:SHOWN])
    more = len(pending) - SHOWN
    return f"still waiting: {shown}{f' and {more} more' if more > 0 else ''}"


def await_commit(desk: Desk, deadline: float | None = None) -> bool:
    """Return True once another process may have committed, False at the `deadline` (monotonic)."""
    before = desk.database.changes()
    looks = 0
    while desk.database.changes() == before and looks < LOOKS:
        if deadline is not None and time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
        looks += 1
    return deadline is None or time.monotonic() < deadline
