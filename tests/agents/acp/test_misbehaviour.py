"""Agents that keep to the protocol in part, or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.base import AgentEvent, Job, Noted, ProcessStarted, Said, SessionStarted
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from deputize.workspace.processes.identity import identify, is_running

if TYPE_CHECKING:
    from deputize.agents.base import Report

pytestmark = pytest.mark.anyio

STUB = Path(__file__).with_name("stub_agent.py")


async def _gate(_: Action) -> Decision:
    return Decision(verdict=Verdict.DENY, rule="test", reason="nothing is asked here")


async def _run(
    workspace: Path,
    way: str,
    events: list[AgentEvent] | None = None,
    session: str | None = None,
    short_prompt: str | None = None,
) -> Report:
    told = [] if events is None else events
    job = Job(
        prompt="hello",
        workspace=workspace,
        environment={"PATH": "/usr/bin:/bin"},
        session=session,
        short_prompt=short_prompt,
    )
    agent = AcpAgent("stub", (sys.executable, "-I", str(STUB), way))
    return await agent.run(job, _gate, told.append)


async def test_what_no_schema_has_is_passed_over(tmp_path: Path) -> None:
    """Banners, unknown kinds and wrong types are noted or left out; long messages come whole."""
    events: list[AgentEvent] = []
    report = await _run(tmp_path, "odd", events)
    assert report.outcome is Outcome.SUCCEEDED
    assert "Welcome!" in [event.text for event in events if isinstance(event, Noted)]
    assert [len(event.text) for event in events if isinstance(event, Said)] == [1_000_000]


async def test_a_program_that_ends_in_the_middle_has_crashed(tmp_path: Path) -> None:
    """The exit code and the last words of the program are told."""
    report = await _run(tmp_path, "crashes")
    assert (report.outcome, report.exit_code) == (Outcome.AGENT_CRASHED, 7)
    assert "out of luck" in (report.error or "")


async def test_a_program_that_hangs_up_has_crashed(tmp_path: Path) -> None:
    """One that closes its output and stays is ended."""
    events: list[AgentEvent] = []
    report = await _run(tmp_path, "closes", events)
    assert report.outcome is Outcome.AGENT_CRASHED


async def test_a_program_that_leaves_at_once_says_why(tmp_path: Path) -> None:
    """What it wrote before it left is what it amounts to."""
    report = await _run(tmp_path, "leaves")
    assert report.outcome is Outcome.AUTH_FAILED
    assert "Not logged in" in (report.error or "")


async def test_a_cancelled_program_that_listens_to_nobody_is_ended(tmp_path: Path) -> None:
    """Neither a cancelled prompt nor SIGTERM needs to be heeded for the run to end."""
    events: list[AgentEvent] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, tmp_path, "hangs", events)
        with anyio.fail_after(30):
            while not any(isinstance(event, Said) for event in events):  # noqa: ASYNC110 - a list
                await anyio.sleep(0.01)
        started = next(event for event in events if isinstance(event, ProcessStarted))
        identity = identify(started.pid)
        assert identity
        tasks.cancel_scope.cancel()
    assert identity
    assert not is_running(identity)


@pytest.mark.parametrize(
    ("way", "outcome", "word"),
    [
        ("refuses", Outcome.RATE_LIMITED, "slow down"),
        ("locked", Outcome.AUTH_FAILED, "Authentication required"),
        ("new", Outcome.AGENT_ERROR, "version 99"),
        ("tires", Outcome.AGENT_ERROR, "max_tokens"),
        ("declines", Outcome.AGENT_ERROR, "refusal"),
    ],
)
async def test_a_refusal_is_told_for_what_it_is(
    tmp_path: Path, way: str, outcome: Outcome, word: str
) -> None:
    """Errors of the protocol, and turns that end early, become outcomes with their words."""
    report = await _run(tmp_path, way)
    assert report.outcome is outcome
    assert word in (report.error or "")


async def test_our_files_are_not_served(tmp_path: Path) -> None:
    """An agent that asks us for a file, though we offer none, gets an error."""
    report = await _run(tmp_path, "asks")
    assert report.answer == "Method not found"


async def test_the_history_of_a_loaded_session_is_not_told_again(tmp_path: Path) -> None:
    """What an agent repeats when it loads a session is no news, and the session keeps its name."""
    events: list[AgentEvent] = []
    report = await _run(tmp_path, "loads", events, session="old")
    assert report.outcome is Outcome.SUCCEEDED
    assert [event for event in events if isinstance(event, Said)] == []
    assert [event.token for event in events if isinstance(event, SessionStarted)] == ["old"]
    assert report.answer == ""


async def test_a_session_that_only_has_the_same_name_remembers_nothing(tmp_path: Path) -> None:
    """Some count their sessions from one in each process: what is begun anew hears it all."""
    report = await _run(tmp_path, "repeats", session="s1", short_prompt="go on")
    assert report.answer == "hello"


async def test_a_program_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """Where there is no such program, nothing is started."""
    job = Job(prompt="hello", workspace=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    events: list[AgentEvent] = []
    report = await AcpAgent("none", ("no-such-program",)).run(job, _gate, events.append)
    assert report.outcome is Outcome.AGENT_MISSING
    assert events == []


@pytest.mark.parametrize(("way", "asked"), [("hides", []), ("hides-and-says", ["rm -rf x"])])
async def test_what_can_not_be_judged_is_refused(
    tmp_path: Path, way: str, asked: list[str]
) -> None:
    """A command that is too long to be kept is asked for by name alone, or said again."""
    heard: list[str | None] = []

    async def gate(action: Action) -> Decision:
        heard.append(action.command)
        return Decision(verdict=Verdict.ALLOW, rule="test", reason="all is allowed")

    job = Job(prompt="hello", workspace=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    agent = AcpAgent("stub", (sys.executable, "-I", str(STUB), way))
    events: list[AgentEvent] = []
    report = await agent.run(job, gate, events.append)
    assert heard == asked
    assert report.answer == ("yes" if asked else "no")
