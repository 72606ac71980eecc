"""Programs that speak as Claude Code does in part, or not at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents import jsonl
from deputize.agents.base import AgentEvent, Job, Noted, ProcessStarted, Said, SessionStarted
from deputize.agents.claude.agent import ClaudeAgent
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from deputize.workspace.processes.identity import identify, is_running

if TYPE_CHECKING:
    from deputize.agents.base import Report

pytestmark = pytest.mark.anyio

STUB = Path(__file__).with_name("stub_claude.py")
UNKNOWN = "this is no request that is answered here (unknown)"


class Stage:
    """A program that misbehaves, and what it was seen to do."""

    def __init__(self, folder: Path) -> None:
        """Work in a folder."""
        self.folder = folder
        self.events: list[AgentEvent] = []
        self.asked: list[Action] = []

    async def gate(self, action: Action) -> Decision:
        """Refuse everything."""
        self.asked.append(action)
        return Decision(verdict=Verdict.ASK, rule="test", reason="nothing is allowed")

    async def run(self, way: str, session: str | None = None) -> Report:
        """Run it."""
        program = self.folder / "claude"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I "{STUB}" {way}\n')
        program.chmod(0o755)
        job = Job(
            prompt="hello",
            workspace=self.folder,
            environment={"PATH": "/usr/bin:/bin", "TMPDIR": str(self.folder)},
            session=session,
        )
        return await ClaudeAgent(path=str(program)).run(job, self.gate, self.events.append)

    def told(self, kind: type[Noted | Said]) -> list[str]:
        """Return the texts of one kind of events."""
        return [event.text for event in self.events if isinstance(event, kind)]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Give a folder to misbehave in."""
    return Stage(tmp_path)


async def test_what_nobody_knows_is_passed_over(stage: Stage) -> None:
    """Banners, unknown kinds and wrong types are noted or left out; long messages come whole."""
    report = await stage.run("odd")
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "odd")
    assert "Welcome!" in stage.told(Noted)
    assert [len(text) for text in stage.told(Said)] == [1_000_001]
    assert not any(isinstance(event, SessionStarted) for event in stage.events)


async def test_requests_that_nobody_knows_are_refused_unasked(stage: Stage) -> None:
    """What names no tool, or is no tool call, is denied without a word to the gate."""
    for way in ("out-of-turn", "early"):
        report = await stage.run(way)
        refused, unnamed, foreign, unsound = json.loads(report.answer)
        assert refused == "error"
        assert unnamed == unsound == {"behavior": "deny", "message": UNKNOWN}
        assert foreign["hookSpecificOutput"]["permissionDecision"] == "deny"
        assert stage.asked == []


async def test_a_call_is_put_to_the_gate_once(stage: Stage) -> None:
    """A second request for a call gets the first answer; another call under its name does not."""
    report = await stage.run("again")
    hooked, asked, other = json.loads(report.answer)
    assert hooked["hookSpecificOutput"]["permissionDecision"] == "deny"
    assert asked == other == {"behavior": "deny", "message": "nothing is allowed (test)"}
    assert [action.paths for action in stage.asked] == [("a",), ("b",)]


async def test_what_comes_after_the_last_message_is_not_heard(stage: Stage) -> None:
    """Who is done asks for nothing any more."""
    report = await stage.run("late")
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "done")
    assert stage.asked == []


async def test_a_message_without_end_ends_the_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is longer than any message is not kept."""
    monkeypatch.setattr(jsonl, "MESSAGE_BYTES", 1000)
    report = await stage.run("long")
    assert report.outcome is Outcome.AGENT_CRASHED
    assert any("more than 1000 bytes" in note for note in stage.told(Noted))


async def test_a_program_that_ends_in_the_middle_has_crashed(stage: Stage) -> None:
    """The exit code and the last words of the program are told."""
    report = await stage.run("crashes")
    assert (report.outcome, report.exit_code) == (Outcome.AGENT_CRASHED, 7)
    assert "out of luck" in (report.error or "")


async def test_a_program_that_hangs_up_has_crashed(stage: Stage) -> None:
    """One that closes its output and stays is ended."""
    report = await stage.run("closes")
    assert report.outcome is Outcome.AGENT_CRASHED


@pytest.mark.parametrize(
    ("way", "outcome", "word"),
    [
        ("leaves", Outcome.AUTH_FAILED, "Not logged in"),
        ("unwilling", Outcome.AGENT_ERROR, "did not agree to ask"),
        ("refuses", Outcome.AGENT_ERROR, "did not agree to ask"),
        ("wrong", Outcome.AGENT_ERROR, "stopped early"),
    ],
)
async def test_a_refusal_is_told_for_what_it_is(
    stage: Stage, way: str, outcome: Outcome, word: str
) -> None:
    """A program that leaves, or won't ask before its tool calls, does nothing and says why."""
    report = await stage.run(way)
    assert report.outcome is outcome
    assert word in (report.error or "")


async def test_a_session_with_an_odd_name_is_not_passed_on(stage: Stage) -> None:
    """What is no name of a session never gets into the arguments."""
    report = await stage.run("odd", session="--dangerously-skip-permissions")
    assert report.outcome is Outcome.SUCCEEDED
    assert any("can't be resumed" in note for note in stage.told(Noted))


async def test_a_cancelled_program_that_listens_to_nobody_is_ended(stage: Stage) -> None:
    """Neither an interrupt nor SIGTERM needs to be heeded, and its litter goes with it."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.run, "hangs")
        with anyio.fail_after(30):
            while not stage.told(Said):  # noqa: ASYNC110 - a list
                await anyio.sleep(0.01)
        started = next(event for event in stage.events if isinstance(event, ProcessStarted))
        identity = identify(started.pid)
        assert identity
        tasks.cancel_scope.cancel()
    assert identity
    assert not is_running(identity)
    assert [each.name for each in stage.folder.iterdir()] == ["claude"]
