"""Copilot runtimes that don't work, and what only Copilot has."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import AgentEvent, Job, Provider
from deputize.agents.copilot.agent import CopilotAgent
from deputize.demo.model import MODEL_NAME, CallTool, ErrorReply, Scene, Script, ScriptedModel, Turn
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Tool, Verdict

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

SCRIPT = Script(
    scenes=(
        Scene(
            name="looks",
            turns=(
                Turn(
                    steps=(
                        CallTool(name="view", arguments={"path": "{workspace}"}),
                        CallTool(name="sql", arguments={"query": "select 1", "description": "d"}),
                    )
                ),
                Turn(say="Seen."),
            ),
        ),
    )
)


def _limited(times: int | None) -> Script:
    fault = ErrorReply(status=429, message="Slow down.", times=times)
    return Script(scenes=(Scene(name="limited", turns=(Turn(say="Seen.", fault=fault),)),))


async def _allow(_: Action) -> Decision:
    return Decision(verdict=Verdict.ALLOW, rule="test", reason="all is allowed")


def _job(workspace: Path, environment: dict[str, str], url: str = "http://127.0.0.1:9/v1") -> Job:
    return Job(
        prompt="Look around.",
        workspace=workspace,
        environment=environment,
        model=MODEL_NAME,
        provider=Provider(name="scripted", type="openai", base_url=url),
    )


@pytest.mark.parametrize(
    ("script", "word"),
    [("echo no luck >&2; exit 3", "no luck"), ("cat > /dev/null", ""), ("echo rubbish", "")],
)
async def test_a_runtime_that_does_not_work_is_an_error(
    tmp_path: Path, program_environment: dict[str, str], script: str, word: str
) -> None:
    """A program that leaves, or talks nonsense, gives a report: no exception, no endless wait."""
    program = tmp_path / "copilot-runtime"
    program.write_text(f"#!/bin/sh\n(sleep 1; kill $$ 2>/dev/null) &\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    events: list[AgentEvent] = []
    agent = CopilotAgent(path=str(program))
    report = await agent.run(_job(tmp_path, program_environment), _allow, events.append)
    assert report.outcome in {Outcome.AGENT_ERROR, Outcome.AGENT_CRASHED}
    assert word in (report.error or "")


async def test_a_runtime_that_is_not_there_is_missing(
    tmp_path: Path, program_environment: dict[str, str]
) -> None:
    """A wrong path in the configuration is told as such."""
    agent = CopilotAgent(path=str(tmp_path / "nowhere"))
    report = await agent.run(_job(tmp_path, program_environment), _allow, lambda _: None)
    assert report.outcome is Outcome.AGENT_MISSING
    assert "nowhere" in (report.error or "")


async def test_tools_that_copilot_itself_never_asks_about_pass_the_gate(
    copilot_runtime: Path, tmp_path: Path, program_environment: dict[str, str]
) -> None:
    """Reading, and tools without permissions of their own, are put to the gate once each."""
    asked: list[Action] = []

    async def gate(action: Action) -> Decision:
        asked.append(action)
        return await _allow(action)

    with ScriptedModel(SCRIPT) as model:
        job = _job(tmp_path, program_environment, model.openai_url)
        agent = CopilotAgent(path=str(copilot_runtime))
        report = await agent.run(job, gate, lambda _: None)
    assert report.outcome is Outcome.SUCCEEDED
    assert sorted((action.name, action.tool) for action in asked) == [
        ("sql", Tool.OTHER),
        ("view", Tool.READ),
    ]


async def test_a_relative_path_is_opened_where_it_was_decided(
    copilot_runtime: Path, tmp_path: Path, program_environment: dict[str, str]
) -> None:
    """The gate's answer says where, and the runtime's tool is given that."""
    workspace = tmp_path / "workspace"
    (workspace / "notes").mkdir(parents=True)
    place = str(workspace / "kept.txt")
    steps = (CallTool(name="create", arguments={"path": "notes/a.txt", "file_text": "hello"}),)
    scene = Scene(name="writes", turns=(Turn(steps=steps), Turn(say="Done.")))

    async def gate(action: Action) -> Decision:
        opens = tuple((path, place) for path in action.paths)
        return replace(await _allow(action), opens=opens)

    with ScriptedModel(Script(scenes=(scene,))) as model:
        job = _job(workspace, program_environment, model.openai_url)
        report = await CopilotAgent(path=str(copilot_runtime)).run(job, gate, lambda _: None)
    assert report.outcome is Outcome.SUCCEEDED
    assert (workspace / "kept.txt").read_text() == "hello"
    assert not list((workspace / "notes").iterdir())


async def test_a_limit_without_a_known_end_is_waited_out_for_a_while(
    copilot_runtime: Path, tmp_path: Path, program_environment: dict[str, str]
) -> None:
    """The runtime may try again by itself; when that has gone on for long enough it is a limit."""
    with ScriptedModel(_limited(None)) as model:
        job = _job(tmp_path, program_environment, model.openai_url)
        agent = CopilotAgent(path=str(copilot_runtime), patience_seconds=0.2)
        report = await agent.run(job, _allow, lambda _: None)
    assert (report.outcome, report.retry_at) == (Outcome.RATE_LIMITED, None)
    assert "Slow down." in (report.error or "")


async def test_a_limit_that_passes_is_no_failure(
    copilot_runtime: Path, tmp_path: Path, program_environment: dict[str, str]
) -> None:
    """Where the runtime's next try succeeds, the run goes on."""
    with ScriptedModel(_limited(1)) as model:
        job = _job(tmp_path, program_environment, model.openai_url)
        agent = CopilotAgent(path=str(copilot_runtime), patience_seconds=40)
        report = await agent.run(job, _allow, lambda _: None)
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "Seen.")
