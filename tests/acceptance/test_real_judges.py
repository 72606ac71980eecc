"""A race that the real Copilot runtime judges, answered by the scripted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import Scene, Script, ScriptedModel, Turn, WriteFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

SMALL, LARGE = "echo one > work.txt", "seq 9 > work.txt"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve a model that tries to write, likes both, and chooses once it is told to."""
    asked = (
        Turn(steps=(WriteFile(path="mine.txt", content="mine\n"),)),
        Turn(say="I like both of them."),
    )
    again = (Turn(say='```json\n{"choice": "A", "reason": "A is whole"}\n```'),)
    scenes = (
        Scene(name="again", contains="Your answer can't be used", turns=again),
        Scene(name="judge", contains="Several changes were made", turns=asked),
    )
    with ScriptedModel(Script(scenes=scenes)) as served:
        yield served


def test_copilot_judges_a_race(copilot: House) -> None:
    """It is refused to write, is asked again in its session, and what it chose lands."""
    for name, script in (("a", SMALL), ("b", LARGE)):
        copilot.configure_more(
            f'[agents.{name}]\nkind = "command"\ncommand = ["/bin/sh", "-c", "{script}"]'
        )
    plan = copilot.cli(
        "add", "-q", "--no-start", "do it", "--race", "a,b", "--judge", "agent:copilot"
    )
    copilot.up()
    states = [copilot.until(task)["state"] for task in (1, 2)]
    race = copilot.json("compare", plan)["race"]
    judging = race["judging"]
    assert (judging["reason"], judging["fallback"]) == ("A is whole", None)
    (first,) = (one["task"] for one in judging["candidates"] if one["letter"] == "A")
    assert race["winner"] == judging["choice"] == first
    assert states[first - 1] == "done"
    assert copilot.landed() == [str(first)]
    assert copilot.repo.listing("main") == ["README.md", "work.txt"]
    (attempt,) = copilot.look(3)["attempts"]
    assert attempt["usage"]["input_tokens"] > 0
    assert sum(tool["denied_count"] for tool in attempt["tools"]) == 1
    assert "is not valid JSON" in copilot.log(3)
