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
    AGENT = "agent"
    """Once all have ended, the one that an agent finds the best of those that passed."""


JUDGE_ROLE = "judge"
"""The role of the task in which an agent judges a race."""


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


class AskedJudge(NamedTuple):
    """How it is to be judged and, where an agent does, by which one."""

    judge: Judge = Judge.CHECKS
    who: Runner | None = None
    """None leaves it to the settings."""

    @property
    def label(self) -> str:
        """Return it as it is typed."""
        return f"{self.judge}:{self.who.label}" if self.who else self.judge


def judge_of(word: str) -> AskedJudge | None:
    """Read `checks`, `smallest`, `agent`, or `agent:WHO`; None where it is none of these."""
    judge, colon, who = word.partition(":")
    if judge not in set(Judge) or (colon and not (who and judge == Judge.AGENT)):
        return None
    return AskedJudge(Judge(judge), runner_of(who) if who else None)


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
    tree: str = ""
    """What its change leads to."""


class Judging(NamedTuple):
    """An agent that was asked which of some changes is the best."""

    task: int
    """Its task."""
    changes: Sequence[int]
    """What it was asked about, in the order of their letters."""
    is_over: bool
    best_change: int | None = None
    """None where it is still at it, or could not say."""
    reason: str | None = None
    """Why that is the best, or why it did not say."""
    is_moot: bool = False
    """It was stopped because nothing was left to choose between."""

    @property
    def fallback(self) -> Judge | None:
        """Return by what is judged instead; None where it has said, may still, or need not."""
        is_needed = self.is_over and self.best_change is None and not self.is_moot
        return Judge.SMALLEST if is_needed else None


class Race(NamedTuple):
    """A race as it stands."""

    plan: int
    judge: Judge
    chosen: int | None
    """The change that was chosen to land, as long as it may."""
    entrants: Sequence[Entrant]
    judging: Judging | None = None
    """The last time that an agent was asked."""


class Turn(StrEnum):
    """What a change in the merge queue may do."""

    LAND = "land"
    CHECK = "check"
    """Its checks may run, but it may not land."""
    ASK = "ask"
    """An agent has to be asked first which one lands."""
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
    return Entrant(task.id, change.id, standing, change.added + change.removed, change.tree)


def _has_passed(change: Change) -> bool:
    return change.state is ChangeState.QUEUED and change.candidate is not None


def stands(change: Change) -> bool:
    """Tell whether a change that was chosen still may land, or has."""
    return change.state not in _LOST


def choose(race: Race) -> int | None:
    """Return the change that is to land; None where that can't be said yet, or none may."""
    passed = _passed(race)
    if race.judge is Judge.CHECKS:
        return passed[0].change if passed else None
    if not passed or _is_open(race):
        return None
    if race.judge is Judge.SMALLEST:
        return _smallest(passed)
    return _judged(passed, race.judging)


def _passed(race: Race) -> list[Entrant]:
    return [one for one in race.entrants if one.standing is Standing.PASSED]


def _is_open(race: Race) -> bool:
    return any(one.standing is Standing.OPEN for one in race.entrants)


def _smallest(passed: Sequence[Entrant]) -> int | None:
    return min(passed, key=lambda one: (one.lines, one.change)).change


def _judged(passed: Sequence[Entrant], judging: Judging | None) -> int | None:
    """Return what an agent has chosen; where it could not, the smallest of what it was shown."""
    found = _different(passed)
    if len(found) == 1:
        return found[0]
    if judging is None or not judging.is_over or not _covers(judging, found):
        return None
    return judging.best_change or _smallest(passed)


def _covers(judging: Judging, found: Sequence[int]) -> bool:
    """Tell whether an agent was asked about all of these, and what it chose still is among them."""
    is_lost = judging.best_change is not None and judging.best_change not in found
    return not is_lost and set(found) <= set(judging.changes)


def _different(passed: Sequence[Entrant]) -> list[int]:
    """Return the changes that differ, in an order that tells nothing of who made them.

    Of those that lead to the same tree it is the earliest.
    """
    found: dict[str, int] = {}
    for change, tree in sorted((one.change or 0, one.tree) for one in passed):
        found.setdefault(tree, change)
    return [found[tree] for tree in sorted(found)]


def to_judge(race: Race) -> list[int]:
    """Return the changes about which an agent has to be asked now, in the order of their letters.

    Nobody has to be asked while one is still open, where there is one change at most, and twice
    about the same.
    """
    if race.judge is not Judge.AGENT or race.chosen is not None or _is_open(race):
        return []
    found = _different(_passed(race))
    is_asked = race.judging is not None and _covers(race.judging, found)
    return [] if len(found) <= 1 or is_asked else found


def turn_of(race: Race, change: Change) -> Turn:
    """Say what an entrant's change may do; where none is chosen yet, it is chosen now."""
    chosen = race.chosen or choose(race)
    if chosen is None:
        if not _has_passed(change):
            return Turn.CHECK
        return Turn.ASK if to_judge(race) else Turn.WAIT
    return Turn.LAND if chosen == change.id else Turn.WAIT


def told(race: Race) -> str:
    """Say what those wait for that have to wait."""
    chosen = race.chosen or choose(race)
    if chosen is not None:
        return f"c{chosen} comes first"
    left = ", ".join(f"#{one.task}" for one in race.entrants if one.standing is Standing.OPEN)
    if left:
        return f"to be judged with {left}"
    if race.judging is None or to_judge(race):
        return "an agent is going to judge it"
    return f"#{race.judging.task} judges it"
