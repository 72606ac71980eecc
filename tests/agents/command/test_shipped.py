"""The programs that our file describes: what each of them writes, as it was recorded or is run."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Job, Report, SessionStarted, Used
from deputize.agents.command.agent import CommandAgent
from deputize.clock import ManualClock
from deputize.config.agents import shipped
from deputize.demo.model import INPUT_TOKENS, OUTPUT_TOKENS, ScriptedModel
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from tests.agents.described_rigs import AIDER, MINI, OPENCODE
from tests.agents.rigs import Kind, Rig, claude_provider
from tests.agents.scenes import NOW
from tests.fixtures.programs import find_aider, find_gemini, find_mini, find_opencode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deputize.agents.base import AgentEvent

pytestmark = pytest.mark.anyio


async def _gate(_: Action) -> Decision:
    return Decision(verdict=Verdict.DENY, rule="test", reason="nothing is asked here")


async def played(
    name: str, folder: Path, script: str, *, session: str | None = None
) -> tuple[Report, list[AgentEvent]]:
    """Run an agent as it is described, with a script of the shell as its program."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    workspace = folder / "work"
    workspace.mkdir()
    events: list[AgentEvent] = []
    agent = CommandAgent(name, shipped()[name]._replace(path=str(program)), ManualClock(NOW))
    environment = {"PATH": "/usr/bin:/bin"}
    job = Job(prompt="Hi.", workspace=workspace, environment=environment, session=session)
    return await agent.run(job, _gate, events.append), events


def written(*values: object) -> str:
    """Return a script that writes values, one a line."""
    return f"cat <<'END'\n{chr(10).join(map(json.dumps, values))}\nEND"


def message(role: str, content: str) -> dict[str, object]:
    """Return what gemini writes of a message."""
    return {"type": "message", "role": role, "content": content, "delta": role == "assistant"}


GEMINI_INIT = {"type": "init", "session_id": "e65e7f98-2f07-4d06-99c9-02ecfb531d3e", "model": "g"}
GEMINI_STATS = {"total_tokens": 2580, "input_tokens": 2468, "output_tokens": 112, "cached": 400}
GEMINI_DONE = {"type": "result", "status": "success", "stats": GEMINI_STATS}


async def test_geminis_answer_comes_in_pieces(tmp_path: Path) -> None:
    """What the model said last is the answer; session and sums are told."""
    lines = [
        GEMINI_INIT, message("user", "Hi."),
        message("assistant", "At "), message("assistant", "once."),
        {"type": "tool_use", "tool_name": "write_file", "parameters": {"content": "x"}},
        {"type": "tool_result", "status": "success"},
        message("assistant", "It is "), message("assistant", "written."), GEMINI_DONE,
    ]  # fmt: skip
    report, events = await played("gemini", tmp_path, f"cat >/dev/null\n{written(*lines)}")
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "It is written.")
    assert SessionStarted(token="e65e7f98-2f07-4d06-99c9-02ecfb531d3e") in events
    used = Usage(input_tokens=2468, output_tokens=112, cached_tokens=400)
    assert [each for each in events if isinstance(each, Used)] == [Used(usage=used, model="g")]


@pytest.mark.parametrize(
    ("said", "exit_code", "outcome"),
    [
        ('[API Error: {"error":{"message":"No.","code":400}}]', 144, Outcome.AGENT_ERROR),
        ('[API Error: {"error":{"message":"No.","code":429}}]', 1, Outcome.RATE_LIMITED),
        (None, 41, Outcome.AUTH_FAILED),
    ],
)
async def test_geminis_failures_are_told_by_words_and_codes(
    tmp_path: Path, said: str | None, exit_code: int, outcome: Outcome
) -> None:
    """144 is its own number, and no signal's."""
    failed = {"type": "result", "status": "error", "error": {"type": "unknown", "message": said}}
    script = f"{written(GEMINI_INIT, failed)}\nexit {exit_code}"
    report, _ = await played("gemini", tmp_path, script)
    assert (report.outcome, report.exit_code) == (outcome, exit_code)
    assert said in {None, report.error}


async def test_gemini_that_breaks_off_has_failed(tmp_path: Path) -> None:
    """It calls that a warning, and ends with 0 and a success of its own."""
    broken = {
        "type": "error",
        "severity": "warning",
        "message": "Loop detected, stopping execution",
    }
    said = message("assistant", "Again.")
    report, _ = await played("gemini", tmp_path, written(GEMINI_INIT, said, broken, GEMINI_DONE))
    assert (report.outcome, report.error) == (Outcome.AGENT_ERROR, broken["message"])


async def test_gemini_begins_anew_where_a_session_is_gone(tmp_path: Path) -> None:
    """It says so, and ends with 42."""
    gone = (
        "echo 'Error resuming session: No previous sessions found for this project.' >&2; exit 42"
    )
    script = f'case "$*" in *--resume*) {gone} ;; esac\n{written(message("assistant", "New."))}'
    report, _ = await played("gemini", tmp_path, script, session="s-1")
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "New.")


async def test_what_limits_opencode_is_told_with_its_end(tmp_path: Path) -> None:
    """It tries again for a minute first, so this is as it was recorded."""
    data = {"message": "Rate limit reached. Please try again in 20m.", "statusCode": 429}
    failed = {"type": "error", "sessionID": "ses_1", "error": {"name": "APIError", "data": data}}
    report, _ = await played("opencode", tmp_path, f"{written(failed)}\nexit 1")
    assert (report.outcome, report.error) == (Outcome.RATE_LIMITED, data["message"])
    assert report.retry_at == NOW + timedelta(minutes=20)


async def test_what_limits_aider_is_told_with_its_end(tmp_path: Path) -> None:
    """As it was recorded too; it ends with 0."""
    said = "litellm.RateLimitError: RateLimitError: OpenAIException - Please try again in 20m."
    report, _ = await played("aider", tmp_path, f"echo '{said}'; echo 'The API provider says so.'")
    assert (report.outcome, report.error) == (Outcome.RATE_LIMITED, said)
    assert report.retry_at == NOW + timedelta(minutes=20)


async def test_mini_that_gave_up_has_failed(tmp_path: Path) -> None:
    """It ends with 0 where its model did not answer as it has to."""
    told = json.dumps({"info": {"exit_status": "RepeatedFormatError", "submission": ""}})
    script = f"while [ $# -gt 1 ]; do shift; done; echo '{told}' > \"$1\""
    report, _ = await played("mini-swe-agent", tmp_path, script)
    assert (report.outcome, report.error) == (Outcome.AGENT_ERROR, "RepeatedFormatError")


@pytest.mark.real
async def test_what_aider_makes_for_itself_is_no_part_of_its_work(
    program_environment: dict[str, str], tmp_path: Path
) -> None:
    """Neither its history nor its caches are left, and what is reported is the edit."""
    rig = _set_up(AIDER, program_environment, tmp_path)
    with rig.model:
        run = await rig.run(rig.job("Please write the note."))
    assert set(os.listdir(rig.workspace)) == {".git", "note.txt"}  # noqa: PTH208 - names alone
    assert run.usage() == Usage(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)
    assert "Tokens:" not in (run.report.answer if run.report else "Tokens:")


@pytest.mark.real
@pytest.mark.parametrize("kind", [OPENCODE, MINI, AIDER], ids=lambda kind: kind.name)
async def test_a_provider_of_another_type_is_handed_on_too(
    kind: Kind, program_environment: dict[str, str], tmp_path: Path
) -> None:
    """Anthropic's dialect at an address of one's own."""
    rig = _set_up(replace(kind, provider=claude_provider), program_environment, tmp_path)
    with rig.model:
        run = await rig.run(rig.job("Please write the note."))
    assert run.report is not None
    assert (run.report.outcome, run.report.error) == (Outcome.SUCCEEDED, None)
    assert (rig.workspace / "note.txt").read_text(encoding="utf-8") == "one\n"
    assert any(request.path.endswith("/messages") for request in rig.model.requests)


def _set_up(kind: Kind, environment: dict[str, str], folder: Path) -> Rig:
    workspace = folder / "work"
    workspace.mkdir()
    subprocess.run(("git", "init", "-q"), cwd=workspace, check=True)
    return Rig(
        kind=kind,
        agent=kind.make(ManualClock(NOW)),
        model=ScriptedModel(kind.script),
        environment=environment,
        workspace=workspace,
        state=folder,
    )


@pytest.mark.real
async def test_a_repositorys_own_settings_do_not_reach_opencode(
    program_environment: dict[str, str], tmp_path: Path
) -> None:
    """They could name a command that is started, or an address that the key is sent to."""
    rig = _set_up(OPENCODE, program_environment, tmp_path)
    server = {"type": "local", "command": ["touch", str(tmp_path / "started")], "enabled": True}
    (rig.workspace / "opencode.json").write_text(json.dumps({"mcp": {"bad": server}}))
    with rig.model:
        await rig.run(rig.job("Please write the note."))
    assert not (tmp_path / "started").exists()
    assert (rig.workspace / "note.txt").exists()


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "find"),
    [
        ("opencode", find_opencode),
        ("mini-swe-agent", find_mini),
        ("aider", find_aider),
        ("gemini", find_gemini),
    ],
)
def test_each_tells_its_version(name: str, find: Callable[[], Path]) -> None:
    """For `deputize agents`."""
    settings = shipped()[name]._replace(path=str(find()))
    assert (CommandAgent(name, settings).find().version or "").count(".") == 2
