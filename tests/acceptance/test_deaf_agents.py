"""An agent that ignores the gate's no: its canary fails, and what rests on the gate waits."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.agents.copilot.find import find_copilot
from deputize.demo.model import ScriptedModel
from deputize.model.agent_check import Canary
from tests.fixtures.checked import put_check
from tests.fixtures.checks import OBEDIENT
from tests.fixtures.house import LAND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

DEAF = Path(__file__).parents[1] / "agents" / "acp" / "deaf_agent.py"


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve a model that is never asked."""
    with ScriptedModel(OBEDIENT) as served:
        yield served


def settle_in(house: House, *words: str) -> None:
    """Let the house's second agent be the deaf one."""
    command = json.dumps([sys.executable, "-I", str(DEAF), *words])
    house.configure(f"{LAND}\n[agents.deaf]\nkind = 'acp'\ncommand = {command}")


def check(house: House) -> tuple[int, str]:
    """Check the deaf agent; return the exit code and what became of the canary."""
    spoken = house.say("check", "deaf", "--json")
    return spoken.code, json.loads(spoken.out)["canary"]


def test_a_deaf_agent_s_read_only_tasks_wait_for_one_that_obeys(house: House) -> None:
    """It gets what may change something; the rest waits, says why, and tells the channels."""
    settle_in(house)
    assert check(house) == (1, "failed")
    house.up()
    reading = house.add("look", "--agent", "deaf", "--role", "inspector")
    writing = house.add("write", "--agent", "deaf")
    line = house.until_waiting(reading, "did not obey the gate")
    assert line == "a person: deaf did not obey the gate (`deputize check deaf`)"
    assert house.until(writing)["state"] == "done"
    assert house.look(reading)["state"] == "queued"
    (stalled,) = house.rows("SELECT task FROM events WHERE kind = 'task.stalled'")
    assert stalled == (reading,)
    settle_in(house, "obeys")
    assert check(house) == (0, "held")
    again = house.add("look", "--agent", "deaf", "--role", "inspector")
    assert house.until(again)["attempts"][0]["outcome"] != "parked"


def test_a_role_s_tools_rest_on_the_gate_too(copilot: House, copilot_runtime: Path) -> None:
    """A version that is there is refused for it, and one that is not there any more counts not."""
    copilot.configure_more(
        "[roles.reader]\nchange = 'allowed'\ntools = ['read', 'other']\nagent = 'copilot'"
    )
    put_check(copilot.desk, "copilot", Canary.HELD, "0.0.1")
    put_check(
        copilot.desk, "copilot", Canary.FAILED, find_copilot(str(copilot_runtime), {}).version
    )
    copilot.up()
    task = copilot.add("look", "--role", "reader")
    copilot.until_waiting(task, "did not obey the gate (`deputize check copilot`)")
