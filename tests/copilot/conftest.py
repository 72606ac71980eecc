"""A bridge to the real Copilot runtime, answered by a scripted model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.copilot import Bridge, CodingTaskRequest
from deputize.demo.model import (
    MODEL_NAME,
    EditFile,
    ErrorReply,
    Hang,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
    WriteFile,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


SETTINGS = """
[agents.copilot]
path = "{path}"
provider = "scripted"
model = "{model}"
[providers.scripted]
type = "openai"
base_url = "{url}"
key_variable = "SCRIPTED_KEY"
[roles.quiet]
change = "allowed"
tools = ["read"]
"""
SCRIPT = Script(
    scenes=(
        Scene(
            name="edit",
            contains="mend it",
            turns=(
                Turn(say="I mend it.", steps=(EditFile(path="a.txt", old="one", new="two"),)),
                Turn(say="It says two now."),
            ),
        ),
        Scene(
            name="write",
            contains="write it",
            turns=(
                Turn(steps=(WriteFile(path="new.txt", content="new\n"),)),
                Turn(say="I tried."),
            ),
        ),
        Scene(
            name="shell",
            contains="run it",
            turns=(Turn(steps=(RunShell(command="echo ran > ran.txt"),)), Turn(say="I tried.")),
        ),
        Scene(name="hang", contains="think forever", turns=(Turn(fault=Hang()),)),
        Scene(
            name="refused",
            contains="be refused",
            turns=(Turn(fault=ErrorReply(status=400, message="No such thing.")),),
        ),
        Scene(name="other", turns=(Turn(say="Here I am."),)),
    )
)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Give the model."""
    with ScriptedModel(SCRIPT) as model:
        yield model


@pytest.fixture
def home(tmp_path: Path, copilot_runtime: Path, model: ScriptedModel) -> Path:
    """Give a home whose Copilot is answered by the model."""
    home = tmp_path / "home"
    home.mkdir()
    settings = SETTINGS.format(path=copilot_runtime, model=MODEL_NAME, url=model.openai_url)
    (home / "config.toml").write_text(settings)
    return home


@pytest.fixture
def environment(program_environment: dict[str, str]) -> dict[str, str]:
    """Give all that the bridge may look at."""
    return {**program_environment, "SCRIPTED_KEY": "dummy"}


@pytest.fixture
async def bridge(home: Path, environment: dict[str, str]) -> AsyncIterator[Bridge]:
    """Give a bridge, which is stopped afterwards."""
    async with Bridge(home, environment=environment) as bridge:
        yield bridge


@pytest.fixture
def asked(tmp_path: Path) -> CodingTaskRequest:
    """Give a request to edit a file."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "a.txt").write_text("one\n")
    return CodingTaskRequest(prompt="Please mend it.", working_dir=folder)
