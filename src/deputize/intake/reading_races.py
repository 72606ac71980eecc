"""Read from JSON that a plan is a race: who runs, who judges, and what its task can't say then."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.errors import InvalidInput
from deputize.incoming import list_of, text_of
from deputize.intake.racing import (
    NOT_FOR_ALL,
    NOT_IN_A_RACE,
    AskedRace,
    check_runners,
    read_judge,
)
from deputize.intake.tables import table_of
from deputize.model.race import Judge
from deputize.model.task import Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_race(table: Mapping[str, object], count: int) -> AskedRace:
    """Read who is to run for the one task of a plan, which can't say so itself."""
    said = table_of(table["race"], "race", ("agents", "judge"))
    if "agents" not in said:
        raise InvalidInput("race.agents: is missing", hint='"agents": ["copilot", "codex"]')
    words = list_of(said["agents"], "race.agents")
    agents = [text_of(word, f"race.agents[{place}]") for place, word in enumerate(words)]
    check_runners(agents)
    judge = read_judge(text_of(said.get("judge", Judge.CHECKS), "race.judge"), "race.judge")
    if count != 1:
        hint = "each agent of the race gets the same task"
        raise InvalidInput(f"tasks: a race has one task, not {count}", hint=hint)
    _refuse_in_race(table.get("defaults", {}), "defaults", NOT_FOR_ALL)
    _refuse_in_race(cast("list[object]", table["tasks"])[0], "tasks[0]", NOT_IN_A_RACE)
    return AskedRace(agents, judge)


def _refuse_in_race(table: object, where: str, names: Iterable[str]) -> None:
    if not isinstance(table, dict):
        return
    for name in names:
        if name in table:
            hint = "leave it out: a race says itself who runs, and the plan has the key"
            raise InvalidInput(f"{where}.{name}: the task of a race can't have one", hint=hint)
    if table.get("place", Place.WORKTREE) != Place.WORKTREE:
        hint = "leave it out: each agent gets a worktree of its own"
        raise InvalidInput(f"{where}.place: a race works in worktrees", hint=hint)
