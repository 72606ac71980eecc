"""A house for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import MODEL_NAME
from tests.fixtures.house import LAND, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.demo.model import ScriptedModel
    from tests.fixtures.house import House


@pytest.fixture
def house(tmp_path: Path, clean_environment: Path) -> Iterator[House]:
    """Give a home and a repository, and end every process of theirs afterwards."""
    yield from build(tmp_path, clean_environment)


@pytest.fixture
def copilot(house: House, model: ScriptedModel, copilot_runtime: Path) -> House:
    """Give a house whose agent is the real Copilot runtime, answered by the test's `model`."""
    house.configure(
        f"""{LAND}
        [agents.copilot]
        kind = "copilot"
        path = "{copilot_runtime}"
        provider = "scripted"
        model = "{MODEL_NAME}"
        [providers.scripted]
        type = "openai"
        base_url = "{model.openai_url}"
        key_variable = "SCRIPTED_KEY"
        """
    )
    house.environment["SCRIPTED_KEY"] = "dummy"
    return house
