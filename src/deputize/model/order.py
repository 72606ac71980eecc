"""Who is next: pure decisions about the order of the queue, and about what has to wait in it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from deputize.model.barrier import QUEUE, BarrierKind, Cause
from deputize.model.budget import Scope
from deputize.model.task import Place
from deputize.model.waiting import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from deputize.model.barrier import Barrier
    from deputize.model.budget import Account
    from deputize.model.limits import Limits
    from deputize.model.task import Task

MOST_URGENT = 1


class Front(NamedTuple):
    """The task that is first in the line of its priority."""

    priority: int
    ready_at: datetime
    """Since when it could have been taken."""


class Busy(NamedTuple):
    """What a running task occupies."""

    role: str
    agent: str
    provider: str | None
    git_dir: str | None
    labels: Sequence[str]
    lock: str | None
    task: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Barred:
    """What no task may be taken of now."""

    everything: bool = False
    roles: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()
    plans: frozenset[int] = frozenset()
    repositories: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()


NOTHING = Barred()


def in_order(fronts: Iterable[Front], now: datetime, ageing_seconds: int) -> list[int]:
    """Return the priorities in the order in which their lines are served.

    A line is as urgent as its priority, raised by one for every `ageing_seconds` that its first
    task has waited; among equals the longer wait goes first, and then the lower number.
    """

    def urgency(front: Front) -> tuple[int, datetime, int]:
        raised = aged(front.priority, now - front.ready_at, ageing_seconds)
        return raised, front.ready_at, front.priority

    return [front.priority for front in sorted(fronts, key=urgency)]


class InLine(Protocol):
    """A task that stands in the line of its priority."""

    @property
    def front(self) -> Front:
        """What it counts as once it is first."""
        ...


Stands = TypeVar("Stands", bound=InLine)


def next_ones(
    lines: Iterable[Stands], count: int, now: datetime, ageing_seconds: int
) -> list[Stands]:
    """Return the tasks that are served next, of lines that are given each in order."""
    left: dict[int, deque[Stands]] = {}
    for each in lines:
        left.setdefault(each.front.priority, deque()).append(each)
    chosen: list[Stands] = []
    while left and len(chosen) < count:
        fronts = (own[0].front for own in left.values())
        first = in_order(fronts, now, ageing_seconds)[0]
        chosen.append(left[first].popleft())
        if not left[first]:
            del left[first]
    return chosen


def aged(priority: int, waited: timedelta, ageing_seconds: int) -> int:
    """Return what waiting makes of a priority."""
    raised = int(max(waited.total_seconds(), 0.0) // ageing_seconds)
    return max(MOST_URGENT, priority - raised)


def barred(busy: Sequence[Busy], limits: Limits, barriers: Sequence[Barrier]) -> Barred:
    """Say what is full or closed, from what runs now; what a limit dries up is another matter."""
    barriers = [barrier for barrier in barriers if barrier.cause is not Cause.LIMIT]
    roles = Counter(task.role for task in busy)
    agents = Counter(task.agent for task in busy)
    providers = Counter(task.provider for task in busy if task.provider)
    labels = Counter(label for task in busy for label in task.labels)
    return Barred(
        everything=any(barrier.kind is BarrierKind.ALL for barrier in barriers),
        roles=_full(roles, limits.roles) | _closed(barriers, BarrierKind.ROLE),
        agents=_full(agents, limits.agents) | _closed(barriers, BarrierKind.AGENT),
        providers=_full(providers, limits.providers) | _closed(barriers, BarrierKind.PROVIDER),
        plans=frozenset(int(plan) for plan in _closed(barriers, BarrierKind.PLAN)),
        repositories=_crowded(busy, limits.repository),
        labels=_full(labels, limits.labels),
    )


def without(found: Barred, short: Iterable[Account]) -> Barred:
    """Bar besides what spends on accounts whose rest is promised to others that run."""
    names: dict[Scope, set[str]] = {scope: set() for scope in Scope}
    for account in short:
        names[account.scope].add(account.name)
    return replace(
        found,
        everything=found.everything or bool(names[Scope.DAY]),
        agents=found.agents | names[Scope.AGENT],
        providers=found.providers | names[Scope.PROVIDER],
        plans=found.plans | {int(plan) for plan in names[Scope.PLAN]},
    )


def _full(running: Mapping[str, int], most: Mapping[str, int]) -> frozenset[str]:
    return frozenset(name for name, count in most.items() if running.get(name, 0) >= count)


def _closed(barriers: Iterable[Barrier], kind: BarrierKind) -> frozenset[str]:
    return frozenset(barrier.name for barrier in barriers if barrier.kind is kind)


def _crowded(busy: Iterable[Busy], most: int | None) -> frozenset[str]:
    if most is None:
        return frozenset()
    running = Counter(task.git_dir for task in busy if task.git_dir)
    return frozenset(place for place, count in running.items() if count >= most)


def why_barred(
    task: Task, busy: Sequence[Busy], limits: Limits, barriers: Sequence[Barrier]
) -> str | None:
    """Say in one line what keeps a queued task from being taken, with the word that changes it."""
    closed = [barrier for barrier in barriers if _is_behind(task, barrier)]
    by_people = [barrier for barrier in closed if barrier.cause is Cause.PERSON]
    if by_people:
        first = by_people[0]
        return Line.PAUSED.format(what=first.label, resume=resuming(first))
    by_budgets = [barrier for barrier in closed if barrier.cause is Cause.BUDGET]
    refused = next((barrier for barrier in by_budgets if barrier.by != QUEUE), None)
    if refused is not None:
        at, resume = by_the_clock(_end(refused)), resuming(refused)
        return Line.REFUSED.format(spent=refused.reason, at=at, resume=resume)
    if by_budgets:
        return Line.SPENT.format(spent=by_budgets[0].reason)
    if closed:
        return Line.QUOTA.format(name=closed[0].name, at=by_the_clock(max(map(_end, closed))))
    return _why_full(task, barred(busy, limits, ()), limits) or _why_locked(task, busy)


def _why_locked(task: Task, busy: Sequence[Busy]) -> str | None:
    if task.lock is None:
        return None
    holder = next((other.task for other in busy if other.lock == task.lock), None)
    if holder is None:
        return None
    line = Line.CHECKOUT if task.place is Place.IN_PLACE else Line.LOCK
    return line.format(task=holder, lock=task.lock)


def resuming(barrier: Barrier) -> str:
    """Return the command that opens a barrier."""
    named = "" if barrier.kind is BarrierKind.ALL else f" --{barrier.kind} {barrier.name}"
    return f"deputize resume{named}"


def by_the_clock(at: datetime, now: datetime | None = None) -> str:
    """Write a moment as people here read it, with the day only where it isn't today."""
    local = at.astimezone()
    today = (now or datetime.now(local.tzinfo)).astimezone().date()
    return local.strftime("%H:%M" if local.date() == today else "%Y-%m-%d %H:%M")


def _is_behind(task: Task, barrier: Barrier) -> bool:
    plan = None if task.plan is None else str(task.plan)
    names = {
        BarrierKind.ALL: "",
        BarrierKind.ROLE: task.role,
        BarrierKind.PLAN: plan,
        BarrierKind.AGENT: task.agent,
        BarrierKind.PROVIDER: task.provider,
    }
    return names[barrier.kind] == barrier.name


def _end(barrier: Barrier) -> datetime:
    return barrier.until or barrier.since


def _why_full(task: Task, full: Barred, limits: Limits) -> str | None:
    labels = [label for label in task.labels if label in full.labels]
    found = (
        (task.role in full.roles, f"role {task.role}", limits.roles.get(task.role)),
        (task.agent in full.agents, f"agent {task.agent}", limits.agents.get(task.agent)),
        (
            task.provider in full.providers,
            f"provider {task.provider}",
            limits.providers.get(task.provider or ""),
        ),
        (
            bool(labels),
            f"label {''.join(labels[:1])}",
            limits.labels.get(labels[0]) if labels else None,
        ),
        (task.git_dir in full.repositories, "this repository", limits.repository),
    )
    for is_full, what, most in found:
        if is_full:
            return Line.LIMIT.format(most=most, what=what)
    return None
