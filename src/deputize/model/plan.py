"""A plan: tasks that were submitted together, with their needs, which make no circle. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.states import FINAL_TASK_STATES, TaskState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from deputize.model.need import On
    from deputize.model.race import Judge, Runner
    from deputize.model.task import Task, TaskSpec

MOST_TASKS = 10_000
"""Tasks that one plan may have."""
PLAN_BYTES = 64 << 20
"""The longest document that is taken: 64 MiB."""


class PlanState(StrEnum):
    """Where a plan stands: derived from its tasks, never stored."""

    OPEN = "open"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan as it stands in the store."""

    id: int
    title: str
    origin: str
    key: str | None
    key_digest: str | None
    created_at: datetime
    judge: Judge | None = None
    """By what it is judged which of its tasks wins, where they race."""
    chosen: int | None = None
    """The change that was chosen to land, where they race."""
    judge_agent: str | None = None
    """The agent that judges, where one does."""
    judge_model: str | None = None
    judge_provider: str | None = None
    judging: int | None = None
    """The task in which it judges, or did last."""
    compared: tuple[int, ...] = ()
    """The changes that it was asked about, in the order of their letters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """A task that is asked for within a plan."""

    name: str | None
    """What other tasks of the plan call it."""
    spec: TaskSpec
    needs: tuple[tuple[int, On], ...] = ()
    """Tasks of the same plan, by their places in it, besides the needs of the specification."""
    is_entrant: bool = False
    """It is one of several that a single task was made into, for a race."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpec:
    """What a file asks for."""

    tasks: tuple[PlannedTask, ...]
    title: str | None = None
    key: str | None = None
    origin: str = "file"
    judge: Judge | None = None
    """Where its tasks race: by what it is judged which of them wins."""
    judge_by: Runner | None = None
    """Which agent judges, where that was said."""


class PlacedTask(NamedTuple):
    """A task of a plan that was submitted."""

    name: str | None
    task: Task
    needs: Sequence[tuple[int | str, On]]
    """Ids; in a trial, where those of the plan have none yet, their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedPlan:
    """A plan that is safely stored, or, in a trial, one that could be."""

    plan: Plan
    tasks: Sequence[PlacedTask]
    """Each after those that it needs."""
    created: bool
    """False where the key named a plan that was there already."""
    untrusted: bool
    """A repository wants to run commands that nobody has trusted yet."""


def label(place: int, name: str | None) -> str:
    """Say which task of a plan is meant, such as `tasks[3] (build)`."""
    return f"tasks[{place}] ({name})" if name else f"tasks[{place}]"


def state_of(counts: Mapping[TaskState, int], *, is_race: bool = False) -> PlanState:
    """Derive a plan's state: open while a task is, then done where all are, or one of a race."""
    states = {state for state, count in counts.items() if count}
    if states - FINAL_TASK_STATES:
        return PlanState.OPEN
    if is_race and TaskState.DONE in states:
        return PlanState.DONE
    return PlanState.DONE if states <= {TaskState.DONE} else PlanState.FAILED


def in_order(needs: Sequence[Collection[int]]) -> list[int]:
    """Return the places 0, 1, … so that each comes after those that it needs.

    Of those that may come next, it is the one that stood first. Those that are in a circle, or
    need one that is, are left out.
    """
    open_counts = [len(set(needed)) for needed in needs]
    dependents: list[list[int]] = [[] for _ in needs]
    for place, needed in enumerate(needs):
        for need in set(needed):
            dependents[need].append(place)
    free = [place for place, count in enumerate(open_counts) if count == 0]
    ordered = []
    while free:
        ordered.append(heappop(free))
        for dependent in dependents[ordered[-1]]:
            open_counts[dependent] -= 1
            if open_counts[dependent] == 0:
                heappush(free, dependent)
    return ordered


def circle_in(needs: Sequence[Collection[int]]) -> list[int]:
    """Return a circle of places, each needing the next, its first at the end too; or nothing."""
    left = set(range(len(needs))).difference(in_order(needs))
    if not left:
        return []
    path = [min(left)]
    while path.count(path[-1]) == 1:
        path.append(min(need for need in needs[path[-1]] if need in left))
    return path[path.index(path[-1]) :]
