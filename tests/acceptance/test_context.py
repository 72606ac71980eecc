"""What an agent is told besides its task: settings, and the project's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import Scene, Script, ScriptedModel, Turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

TASK = "Look around"
SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
SCRIPT = Script(scenes=(Scene(name="look", contains=TASK, turns=(Turn(say="Done."),)),))


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(SCRIPT) as served:
        yield served


def test_a_task_is_told_in_its_project(copilot: House, model: ScriptedModel) -> None:
    """Its own words first, then home's, the repository's and what its files say, without secrets.

    Copilot reads AGENTS.md by itself, so it is not told of it.
    """
    copilot.configure_more(f"[context]\nproject = 'Home knows {SECRET}.'")
    copilot.repo.commit(
        AGENTS__md="Mind the gap.",
        pyproject__toml="[project]\nname = 'shop'\n",
        deputize__toml="[context]\nproject = 'Theirs is small.'",
    )
    copilot.up()
    copilot.until(int(copilot.cli("add", "-q", "--no-start", "--agent", "copilot", TASK)))
    asked = next(request for request in model.requests if request.scene == "look")
    assert asked.prompt.endswith(
        f"{TASK}\n\nHome knows [redacted].\n\nTheirs is small.\n\n"
        "About this project:\n- pyproject.toml: shop"
    )
    assert "Mind the gap." in str(asked.body)


def test_an_agent_that_reads_no_instructions_is_told_of_them(house: House) -> None:
    """Unless settings say that nothing is told by itself."""
    house.configure()
    house.repo.commit(AGENTS__md="Mind the gap.")
    house.up()
    prompt = house.sign("prompt")
    script = f"cat > {prompt}.new; mv {prompt}.new {prompt}; echo a > a"
    house.until(house.add(script))
    house.configure_more("[context]\nautomatic = false")
    assert "- AGENTS.md says how to work here: read it first." in prompt.read_text()
    house.until(house.add(script))
    assert "AGENTS.md" not in prompt.read_text()
