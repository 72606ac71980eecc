"""A race as people look at it: who judges it, how far that is, and who has won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.model.race import AskedJudge, Runner
from deputize.store import changes, judges, races
from deputize.verdict import LETTERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.plan import Plan
    from deputize.model.race import Judge
    from deputize.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change as an agent that judges knows it."""

    letter: str
    task: int
    change: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingView:
    """What an agent was asked, and what it said."""

    task: int
    candidates: Sequence[Candidate]
    best_task: int | None = None
    """The one whose change it found the best; None while it is at work, or could not say."""
    fallback: Judge | None = None
    """By what it was judged instead, where it could not say."""
    reason: str | None = None
    """Why that is the best, or why it did not say."""
    is_moot: bool = False
    """It was stopped because nothing was left to choose between."""

    @property
    def told(self) -> str:
        """Say in one line how far it is."""
        if self.best_task is not None:
            line = f"#{self.task} chose #{self.best_task}: {self.reason}"
        elif self.fallback is not None:
            line = f"#{self.task} could not say, so the {self.fallback} was taken: {self.reason}"
        elif self.is_moot:
            line = f"#{self.task} was stopped: nothing was left to choose between"
        else:
            asked = ", ".join(f"#{task}" for task in sorted(one.task for one in self.candidates))
            line = f"#{self.task} is judging {asked}"
        return " ".join(line.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceView:
    """A race, as far as it is."""

    judge: Judge
    agent: str | None
    """Who judges, where an agent does."""
    model: str | None
    winner: int | None = None
    """The task that has won."""
    judging: JudgingView | None = None
    """The last time that an agent was asked."""

    @property
    def label(self) -> str:
        """Return how it is judged, as it is typed."""
        return AskedJudge(self.judge, Runner(self.agent, self.model) if self.agent else None).label


def asked_race(plan: Plan) -> RaceView | None:
    """Return the race that was asked for; None where the tasks of a plan don't race."""
    if plan.judge is None:
        return None
    return RaceView(judge=plan.judge, agent=plan.judge_agent, model=plan.judge_model)


def race_view(transaction: Transaction, plan: Plan) -> RaceView | None:
    """Return the race of a plan as it stands; None where its tasks don't race."""
    if plan.judge is None:
        return None
    winner = races.winner(transaction, plan)
    return RaceView(
        judge=plan.judge,
        agent=plan.judge_agent,
        model=plan.judge_model,
        winner=winner.id if winner else None,
        judging=_judging(transaction, plan),
    )


def _judging(transaction: Transaction, plan: Plan) -> JudgingView | None:
    found = judges.judging_of(transaction, plan)
    if found is None:
        return None
    makers = {one: changes.get(transaction, one).task for one in found.changes}
    return JudgingView(
        task=found.task,
        candidates=[
            Candidate(letter=letter, task=makers[one], change=one)
            for letter, one in zip(LETTERS, found.changes, strict=False)
        ],
        best_task=None if found.best_change is None else makers[found.best_change],
        fallback=found.fallback,
        reason=found.reason,
        is_moot=found.is_moot,
    )
