"""The real goose works against the scripted model."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import (
    INPUT_TOKENS,
    MODEL_NAME,
    EditFile,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
    WriteFile,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.real

SCRIPT = Script(
    scenes=(
        Scene(
            name="work",
            contains="write the note",
            turns=(
                Turn(steps=(WriteFile(path="note.txt", content="one\ntwo\n"),)),
                Turn(steps=(EditFile(path="note.txt", old="two", new="three"),)),
                Turn(steps=(RunShell(command="pwd > folder.txt"),)),
                Turn(say="The note is written."),
            ),
        ),
    )
)


def test_goose_does_what_the_script_says(
    goose_program: Path, program_environment: dict[str, str], tmp_path: Path
) -> None:
    """It writes and edits a file, runs a command in its folder, and reports the known usage."""
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    command = [str(goose_program), "run", "-t", "Please write the note.", "--no-session", "-q"]
    command += ["--with-builtin", "developer", "--output-format", "stream-json"]
    with ScriptedModel(SCRIPT) as model:
        chosen = {
            "GOOSE_PROVIDER": "openai",
            "GOOSE_MODEL": MODEL_NAME,
            "GOOSE_MODE": "auto",
            "GOOSE_DISABLE_KEYRING": "1",
            "GOOSE_TELEMETRY_ENABLED": "false",
            "OPENAI_API_KEY": "dummy",
            "OPENAI_HOST": model.base_url,
        }
        done = subprocess.run(
            command,
            cwd=workspace,
            env=program_environment | chosen,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
    assert (workspace / "note.txt").read_text(encoding="utf-8") == "one\nthree\n"
    assert (workspace / "folder.txt").read_text(encoding="utf-8") == f"{workspace}\n"
    last = json.loads(done.stdout.splitlines()[-1])
    assert (last["type"], last["input_tokens"]) == ("complete", 4 * INPUT_TOKENS)
    turns = [request.turn for request in model.requests if request.scene]
    assert turns == [0, 1, 2, 3]
