"""A race: a plan whose tasks are one task, given to several agents; one change of theirs lands.

Pure: who judges, how far each entrant is, and what a change may do as things stand.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.states import ChangeState, TaskState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.change import Change
    from deputize.model.task import Task

LEAST_RUNNERS, MOST_RUNNERS = 2, 10
"""Agents that one race may have; the same agent may run twice."""


class Judge(StrEnum):
    """By what it is judged which change lands."""

    CHECKS = "checks"
    """The first that passes its checks."""
    SMALLEST = "smallest"
    """Once all have ended, the one with the fewest changed lines of those that passed."""


class Runner(NamedTuple):
    """Who runs: an agent, and the model that it is to use."""

    agent: str
    model: str | None = None

    @property
    def label(self) -> str:
        """Return it as it is typed."""
        return f"{self.agent}:{self.model}" if self.model else self.agent


def runner_of(word: str) -> Runner:
    """Read `agent` or `agent:model`; names of models may have colons, those of agents have none."""
    agent, _, model = word.partition(":")
    return Runner(agent, model or None)


class Standing(StrEnum):
    """How far an entrant is."""

    OPEN = "open"
    PASSED = "passed"
    OUT = "out"


class Entrant(NamedTuple):
    """A task that runs in a race, with its newest change."""

    task: int
    change: int | None
    standing: Standing
    lines: int = 0
    """How many lines its change adds and removes."""


class Race(NamedTuple):
    """A race as it stands."""

    plan: int
    judge: Judge
    chosen: int | None
    """The change that was chosen to land, as long as it may."""
    entrants: Sequence[Entrant]


class Turn(StrEnum):
    """What a change in the merge queue may do."""

    LAND = "land"
    CHECK = "check"
    """Its checks may run, but it may not land."""
    WAIT = "wait"


_LOST = frozenset({ChangeState.SUPERSEDED, ChangeState.QUARANTINED, ChangeState.REJECTED,
                   ChangeState.WITHDRAWN})  # fmt: skip


def entrant_of(task: Task, change: Change | None) -> Entrant:
    """Say how far a task is: it has passed once its change needs nothing more but to land."""
    if change is None:
        return Entrant(task.id, None, Standing.OUT if task.is_final else Standing.OPEN)
    standing = Standing.OPEN
    if task.is_final or task.cancel_requested:
        standing = Standing.OUT
    elif task.state is TaskState.LANDING and _has_passed(change):
        standing = Standing.PASSED
    return Entrant(task.id, change.id, standing, change.added + change.removed)


def _has_passed(change: Change) -> bool:
    return change.state is ChangeState.QUEUED and change.candidate is not None


def stands(change: Change) -> bool:
    """Tell whether a change that was chosen still may land, or has."""
    return change.state not in _LOST


def choose(judge: Judge, entrants: Sequence[Entrant]) -> int | None:
    """Return the change that is to land; None where that can't be said yet, or none may."""
    passed = [one for one in entrants if one.standing is Standing.PASSED]
    is_open = any(one.standing is Standing.OPEN for one in entrants)
    if not passed or (judge is Judge.SMALLEST and is_open):
        return None
    if judge is Judge.SMALLEST:
        passed.sort(key=lambda one: (one.lines, one.change))
    return passed[0].change


def turn_of(race: Race, change: Change) -> Turn:
    """Say what an entrant's change may do; where none is chosen yet, it is chosen now."""
    chosen = race.chosen or choose(race.judge, race.entrants)
    if chosen is None:
        return Turn.WAIT if _has_passed(change) else Turn.CHECK
    return Turn.LAND if chosen == change.id else Turn.WAIT


def told(race: Race) -> str:
    """Say what those wait for that have to wait."""
    chosen = race.chosen or choose(race.judge, race.entrants)
    if chosen is not None:
        return f"c{chosen} comes first"
    left = ", ".join(f"#{one.task}" for one in race.entrants if one.standing is Standing.OPEN)
    return f"to be judged with {left}"
