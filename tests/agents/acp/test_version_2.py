"""Agents that speak the draft of version 2: a prompt's answer is not the end of its work."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.base import (
    AgentEvent,
    Job,
    ProcessStarted,
    Report,
    Said,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    Used,
)
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Tool, Verdict
from deputize.workspace.processes.identity import identify, is_running

pytestmark = pytest.mark.anyio

DRAFT = Path(__file__).with_name("draft_agent.py")


@dataclass(slots=True)
class Held:
    """What a run has shown so far."""

    events: list[AgentEvent] = field(default_factory=list)
    asked: list[Action] = field(default_factory=list)

    def of(self, *kinds: type[AgentEvent]) -> list[AgentEvent]:
        """Return the events of some kinds, but for words that are empty."""
        found = (event for event in self.events if isinstance(event, kinds))
        return [event for event in found if event != Said(text="")]


async def _run(
    folder: Path,
    way: str,
    held: Held,
    *,
    verdict: Verdict = Verdict.ALLOW,
    session: str | None = None,
    model: str | None = None,
) -> Report:
    async def gate(action: Action) -> Decision:
        held.asked.append(action)
        return Decision(verdict=verdict, rule="test", reason="test")

    job = Job(
        prompt="hello",
        workspace=folder,
        environment={"PATH": "/usr/bin:/bin"},
        session=session,
        model=model,
    )
    agent = AcpAgent("draft", (sys.executable, "-I", str(DRAFT), way), version=2)
    with anyio.fail_after(60):
        return await agent.run(job, gate, held.events.append)


async def test_the_work_is_over_when_the_agent_is_idle(tmp_path: Path) -> None:
    """What comes after the prompt was taken is told, and the end says what it took."""
    held = Held()
    report = await _run(tmp_path, "works", held)
    assert report == Report(outcome=Outcome.SUCCEEDED, answer="Done.")
    assert (tmp_path / "note.txt").read_text(encoding="utf-8") == "one\n"
    assert held.of(Said, ToolStarted, ToolFinished, Used) == [
        Said(text="At "),
        Said(text="once."),
        ToolStarted(id="t1", name="edit", summary="Write"),
        ToolFinished(id="t1", name="edit", ok=True, output="it is written"),
        Said(text="The wrong words."),
        Said(text="Do"),
        Said(text="ne."),
        Used(usage=Usage(input_tokens=7, output_tokens=3, cached_tokens=2)),
    ]


@pytest.mark.parametrize(("way", "tool"), [("works", Tool.WRITE), ("commands", Tool.SHELL)])
async def test_what_is_denied_does_not_happen(tmp_path: Path, way: str, tool: Tool) -> None:
    """Whether a tool call or a command is the subject, the gate hears of it with what it is."""
    held = Held()
    await _run(tmp_path, way, held, verdict=Verdict.DENY)
    assert not (tmp_path / "note.txt").exists()
    assert [action.tool for action in held.asked] == [tool]
    assert str(tmp_path / "note.txt") in f"{held.asked[0].paths} {held.asked[0].summary}"


async def test_a_mode_that_asks_and_the_model_are_chosen(tmp_path: Path) -> None:
    """Both are options of the session; the session is known to ask."""
    held = Held()
    await _run(tmp_path, "works", held, model="b")
    assert (tmp_path / "chosen.txt").read_text(encoding="utf-8") == "how=ask\nmodel=b\n"
    assert held.of(SessionStarted) == [SessionStarted(token="s1", asks=True)]


async def test_a_session_is_taken_up_by_its_name(tmp_path: Path) -> None:
    """Every agent of version 2 can resume; that it is idle before the prompt ends nothing."""
    held = Held()
    report = await _run(tmp_path, "works", held, session="s1")
    assert report.outcome is Outcome.SUCCEEDED
    assert held.of(SessionStarted) == [SessionStarted(token="s1", asks=True)]


@pytest.mark.parametrize(
    ("way", "outcome", "word"),
    [
        ("vanishes", Outcome.AGENT_CRASHED, "exit code 7"),
        ("closes", Outcome.AGENT_CRASHED, ""),
        ("declines", Outcome.AGENT_ERROR, "refusal"),
        ("sessionless", Outcome.AGENT_ERROR, "no sessions"),
    ],
)
async def test_an_agent_that_is_gone_or_gives_up_is_told(
    tmp_path: Path, way: str, outcome: Outcome, word: str
) -> None:
    """After the prompt was taken, too, nobody waits for a word that will not come."""
    report = await _run(tmp_path, way, Held())
    assert report.outcome is outcome
    assert word in (report.error or "")


async def test_a_cancelled_agent_stops_and_is_ended(tmp_path: Path) -> None:
    """It may say that it has stopped before its program is ended."""
    held = Held()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, tmp_path, "hangs", held)
        with anyio.fail_after(30):
            while not held.of(SessionStarted):  # noqa: ASYNC110 - a list
                await anyio.sleep(0.01)
        (started,) = held.of(ProcessStarted)
        assert isinstance(started, ProcessStarted)
        identity = identify(started.pid)
        tasks.cancel_scope.cancel()
    assert identity
    assert not is_running(identity)


async def test_an_agent_that_speaks_only_version_1_is_spoken_with_in_it(tmp_path: Path) -> None:
    """The agent's answer decides."""
    stub = DRAFT.with_name("stub_agent.py")
    job = Job(prompt="hello", workspace=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    agent = AcpAgent("stub", (sys.executable, "-I", str(stub), "plain"), version=2)

    async def gate(_: Action) -> Decision:
        raise AssertionError

    events: list[AgentEvent] = []
    report = await agent.run(job, gate, events.append)
    assert report.outcome is Outcome.SUCCEEDED
