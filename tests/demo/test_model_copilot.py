"""The real Copilot runtime works against the scripted model, over each of its three wires."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    MODEL_NAME,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    EditFile,
    Ending,
    ErrorReply,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
    WriteFile,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

SCRIPT = Script(
    scenes=(
        Scene(
            name="work",
            contains="write the note",
            turns=(
                Turn(
                    say="Two things first.",
                    steps=(
                        WriteFile(path="note.txt", content="one\ntwo\n"),
                        RunShell(command="pwd > folder.txt"),
                    ),
                ),
                Turn(steps=(EditFile(path="{workspace}/note.txt", old="two", new="three"),)),
                Turn(say="The note is written."),
            ),
        ),
        Scene(
            name="bad",
            contains="fail",
            turns=(Turn(fault=ErrorReply(status=400, message="Scripted refusal.")),),
        ),
    )
)
WIRES = ("completions", "responses", "anthropic")


def _provider(model: ScriptedModel, wire: str) -> dict[str, str]:
    if wire == "anthropic":
        return {"type": "anthropic", "base_url": model.base_url, "api_key": "dummy"}
    openai = {"type": "openai", "base_url": model.openai_url, "api_key": "dummy"}
    return openai | {"wire_api": wire}


@asynccontextmanager
async def _copilot(runtime: Path, environment: dict[str, str]) -> AsyncIterator[Any]:
    """Run the runtime, seeing nothing but `environment`."""
    from copilot import CopilotClient, RuntimeConnection

    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=str(runtime)),
        use_logged_in_user=False,
        env=environment | {"COPILOT_GITHUB_TELEMETRY_DISABLED": "true"},
        base_directory=f"{environment['HOME']}/.copilot",
    )
    await client.start()
    # The SDK waits for its process but leaves the pipes open: leaving the process closes them.
    process = client._cli_process
    assert process is not None
    with process:
        try:
            yield client
        finally:
            await client.stop()


async def _ask(client: Any, provider: dict[str, str], folder: Path, prompt: str) -> tuple[str, Any]:  # noqa: ANN401 - the SDK is imported late
    """Send a prompt in a session of its own; return the answer and the session's events."""
    from copilot import PermissionHandler

    events: list[Any] = []
    session = await client.create_session(
        on_permission_request=PermissionHandler.approve_all,
        model=MODEL_NAME,
        provider=provider,
        streaming=True,
        working_directory=str(folder),
        on_event=events.append,
    )
    try:
        answer = await session.send_and_wait(prompt, timeout=45)
    finally:
        await session.disconnect()
    return answer.data.content if answer else "", events


@pytest.mark.parametrize("wire", WIRES)
async def test_copilot_does_what_the_script_says(
    copilot_runtime: Path, program_environment: dict[str, str], tmp_path: Path, wire: str
) -> None:
    """It writes and edits a file, runs a command in its folder, and reports the known usage."""
    workspace = tmp_path / "work space"
    workspace.mkdir()
    with ScriptedModel(SCRIPT) as model:
        provider = _provider(model, wire)
        async with _copilot(copilot_runtime, program_environment) as client:
            answer, events = await _ask(client, provider, workspace, "Please write the note.")
    assert answer == "The note is written."
    assert (workspace / "note.txt").read_text(encoding="utf-8") == "one\nthree\n"
    assert (workspace / "folder.txt").read_text(encoding="utf-8") == f"{workspace}\n"
    usage = [event.data for event in events if event.type.value == "assistant.usage"]
    assert [
        (used.input_tokens, used.cache_read_tokens, used.output_tokens, used.reasoning_tokens)
        for used in usage
    ] == [(INPUT_TOKENS, CACHED_TOKENS, OUTPUT_TOKENS, REASONING_TOKENS)] * 3
    assert [(request.scene, request.turn) for request in model.requests] == [
        ("work", 0),
        ("work", 1),
        ("work", 2),
    ]
    assert {request.workspace for request in model.requests} == {str(workspace)}
    assert {request.ending for request in model.requests} == {Ending.ANSWERED}


async def test_copilot_reports_a_scripted_error(
    copilot_runtime: Path, program_environment: dict[str, str], tmp_path: Path
) -> None:
    """An error reply reaches the caller of the SDK with its words."""
    with ScriptedModel(SCRIPT) as model:
        provider = _provider(model, "completions")
        async with _copilot(copilot_runtime, program_environment) as client:
            with pytest.raises(Exception, match="Scripted refusal"):
                await _ask(client, provider, tmp_path, "fail, please")
