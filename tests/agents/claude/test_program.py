"""What only the real Claude Code can show."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.base import ToolFinished
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.claude.control import READ_FIRST
from deputize.clock import ManualClock
from deputize.demo.model import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    CallTool,
    ErrorReply,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
    WriteFile,
)
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from deputize.model.policy import Tool
from deputize.workspace.processes.tree import find_tree
from tests.agents.rigs import CLAUDE, DENY, MARKER, Rig, Run
from tests.agents.scenes import NOW, SLEEPER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.real]

PRICED = "claude-opus-5-5"
"""A model whose price the program knows."""
HELP = {
    "description": "help",
    "prompt": "Please write the note.",
    "subagent_type": "general-purpose",
}

SCRIPT = Script(
    scenes=(
        Scene(
            name="write",
            contains="write the note",
            turns=(
                Turn(steps=(WriteFile(path="note.txt", content="one\n"),)),
                Turn(say="The note is written."),
            ),
        ),
        Scene(
            name="look",
            contains="look around",
            turns=(
                Turn(
                    steps=(
                        RunShell(command="ls"),
                        CallTool(name="Read", arguments={"file_path": "{workspace}/a"}),
                    )
                ),
                Turn(say="Seen."),
            ),
        ),
        Scene(
            name="help",
            contains="have it done",
            turns=(Turn(steps=(CallTool(name="Agent", arguments=HELP),)), Turn(say="It is done.")),
        ),
        Scene(
            name="sleep",
            contains="sleep long",
            turns=(Turn(steps=(RunShell(command=SLEEPER),)), Turn(say="Slept.")),
        ),
        Scene(
            name="unknown",
            contains="be unknown",
            turns=(Turn(fault=ErrorReply(status=401, message="invalid x-api-key")),),
        ),
        Scene(
            name="overloaded",
            contains="be overloaded",
            turns=(Turn(fault=ErrorReply(status=529, message="Overloaded")),),
        ),
        Scene(name="clear", contains="/clear", turns=(Turn(say="Nothing was cleared."),)),
    )
)


@pytest.fixture
def rig(program_environment: dict[str, str], tmp_path: Path, claude_program: Path) -> Iterator[Rig]:
    """Give the program, set up to work against a scripted model."""
    workspace, state = tmp_path / "work space", tmp_path / "state"
    workspace.mkdir()
    state.mkdir()
    with ScriptedModel(SCRIPT) as model:
        yield Rig(
            kind=CLAUDE,
            agent=ClaudeAgent(path=str(claude_program), clock=ManualClock(NOW)),
            model=model,
            environment=program_environment,
            workspace=workspace,
            state=state,
        )


async def test_reading_and_listing_are_put_to_the_gate(rig: Rig) -> None:
    """What it would allow by itself is asked about too, so that it can be held to some tools."""
    (rig.workspace / "a").write_text("a\n", encoding="utf-8")
    run = await rig.run(rig.job("Please look around."), decision=DENY)
    assert sorted(action.tool for action in run.asked) == [Tool.READ, Tool.SHELL]
    assert [(event.ok, event.denied) for event in run.tools()] == [(False, True)] * 2


async def test_what_a_helper_does_is_put_to_the_gate(rig: Rig) -> None:
    """An agent that it calls to help asks for its own tool calls, and its usage is told."""
    run = await rig.run(rig.job("Please have it done."))
    assert [action.tool for action in run.asked] == [Tool.OTHER, Tool.WRITE]
    assert (rig.workspace / "note.txt").exists()
    asked = [request for request in rig.model.requests if request.scene is not None]
    assert run.usage().input_tokens == len(asked) * INPUT_TOKENS


async def test_a_session_is_begun_under_a_name_that_others_gave_it(rig: Rig) -> None:
    """And is there to be resumed; one that was begun and not noted as such is gone on with."""
    name = "3f1c6f0e-6c0a-4a8f-9a55-0d1b8a7c2e11"
    job = replace(rig.job("Please write the note."), session=name)
    first = await rig.run(replace(job, begins=True))
    assert first.sessions() == [name]
    for begins in (False, True):
        again = await rig.run(replace(job, begins=begins))
        assert again.report is not None
        assert again.report.outcome is Outcome.SUCCEEDED
        assert again.sessions() == [name]


async def test_a_resumed_session_tells_what_the_new_turn_took(rig: Rig) -> None:
    """Neither tokens nor cost of the earlier process are told again."""
    job = replace(rig.job("Please write the note."), model=PRICED)
    first = await rig.run(job)
    again = await rig.run(replace(job, session=first.sessions()[0]))
    assert again.sessions() == first.sessions()
    tokens = Usage(
        input_tokens=2 * INPUT_TOKENS,
        output_tokens=2 * OUTPUT_TOKENS,
        cached_tokens=2 * CACHED_TOKENS,
        reasoning_tokens=2 * REASONING_TOKENS,
    )
    for run in (first, again):
        assert replace(run.usage(), cost_usd=None) == tokens
    assert float(first.usage().cost_usd or 0) > 0
    assert first.usage().cost_usd == again.usage().cost_usd


async def test_a_cancelled_session_can_be_gone_on_with(rig: Rig) -> None:
    """It is interrupted before it is ended, so that what it did is in its session."""
    run = Run()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: rig.run(rig.job("Please sleep long."), run=run))
        with anyio.fail_after(40):
            while not (rig.workspace / "sleeper").exists():  # noqa: ASYNC110 - another process makes it
                await anyio.sleep(0.01)
        tasks.cancel_scope.cancel()
    assert not find_tree(MARKER)
    assert [isinstance(event, ToolFinished) for event in run.events].count(True) == 1
    again = await rig.run(rig.job("Please write the note.", session=run.sessions()[0]))
    assert again.report is not None
    assert again.report.outcome is Outcome.SUCCEEDED
    assert again.sessions() == run.sessions()


@pytest.mark.parametrize(
    ("prompt", "outcome"),
    [("be unknown", Outcome.AUTH_FAILED), ("be overloaded", Outcome.RATE_LIMITED)],
)
async def test_a_failure_of_the_model_is_told_at_once(
    rig: Rig, prompt: str, outcome: Outcome
) -> None:
    """The program calls it a success and tries nothing again; here it is what it is."""
    run = await rig.run(rig.job(f"Please {prompt}."))
    assert run.report is not None
    assert (run.report.outcome, run.report.answer) == (outcome, "")
    assert len([request for request in rig.model.requests if request.scene]) == 1


async def test_a_repository_instructs_it_but_runs_nothing(rig: Rig) -> None:
    """Hooks and modes that a repository sets are not heeded; its CLAUDE.md is pointed out."""
    hook = {"type": "command", "command": "touch hooked"}
    settings = {
        "hooks": {"SessionStart": [{"hooks": [hook]}], "UserPromptSubmit": [{"hooks": [hook]}]},
        "permissions": {"defaultMode": "bypassPermissions", "allow": ["Write"]},
    }
    (rig.workspace / ".claude").mkdir()
    (rig.workspace / ".claude" / "settings.json").write_text(json.dumps(settings))
    (rig.workspace / "CLAUDE.md").write_text("Be brief.\n")
    run = await rig.run(rig.job("Please write the note."), decision=DENY)
    assert [action.tool for action in run.asked] == [Tool.WRITE]
    assert sorted(each.name for each in rig.workspace.iterdir()) == [".claude", "CLAUDE.md"]
    (asked, *_) = [request for request in rig.model.requests if request.scene == "write"]
    assert READ_FIRST in asked.system


async def test_a_prompt_is_no_command_of_the_program(rig: Rig) -> None:
    """A task that begins with a slash goes to the model."""
    run = await rig.run(rig.job("/clear"))
    assert run.report is not None
    assert run.report.answer == "Nothing was cleared."


async def test_its_litter_ends_with_the_attempt(rig: Rig) -> None:
    """Nothing is left in the temporary folder, and nothing in the user's home."""
    await rig.run(rig.job("Please write the note."))
    for variable in ("TMPDIR", "HOME"):
        assert [each async for each in anyio.Path(rig.environment[variable]).iterdir()] == []
