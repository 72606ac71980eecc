"""Tool calls on record: each answer before the agent hears it, each end with what it gave back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted
from deputize.agents.output import OUTPUT_CHARACTERS
from deputize.agents.vocabulary import action_of
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.model.policy import Decision, Verdict
from deputize.store import journal
from deputize.worker.running import Running
from tests.fixtures.shop import begun
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from deputize.model.event import Entry
    from deputize.worker.steps import Steps
    from tests.fixtures.stories import Story

SECRET = "sk-live-9f8e7d6c5b4a39281706f5e4d3c2b1a0"
YES = Decision(verdict=Verdict.ALLOW, rule="workspace", reason="inside what the task may do")


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Open a new store."""
    yield from open_story(kind, tmp_path / "home")


def calls_in(story: Story) -> list[Entry]:
    """Return what is told of tool calls."""
    with story.database.read() as transaction:
        found = journal.of_task(transaction, 1)
    return [entry for entry in found if entry.kind.startswith("attempt.tool_")]


def play(steps: Steps, part: Callable[[Running], Awaitable[None]]) -> None:
    """Let an agent do its part while its notes are written, and end it as a run does."""

    async def whole() -> None:
        run = Running(steps=steps)
        async with anyio.create_task_group() as group:
            group.start_soon(run.steps.write_notes)
            await part(run)
            run.calls.close()
            run.steps.no_more_notes()
        await run.steps.write_last_notes()

    anyio.run(whole)


def test_a_yes_is_on_record_with_all_that_was_asked(story: Story) -> None:
    """Tool, verdict, rule, session and arguments; a secret of the agent's is in none of it."""
    action = action_of("bash", {"command": f"curl -u {SECRET} x", "note": "é"})
    with begun(story, SECRET) as steps:

        async def part(run: Running) -> None:
            run.emit(SessionStarted(token="s1"))
            await run.calls.decided(action, YES)

        play(steps, part)
    (entry,) = calls_in(story)
    assert (entry.kind, entry.actor, entry.attempt) == ("attempt.tool_decided", "gate", 1)
    wanted = {"tool": "shell", "name": "bash", "verdict": "allow", "rule": "workspace"}
    assert {name: entry.body[name] for name in wanted} == wanted
    assert entry.body["session"] == "s1"
    arguments = json.loads(str(entry.body["arguments"]))
    assert arguments == {"command": "curl -u [redacted] x", "note": "é"}
    assert SECRET not in json.dumps(dict(entry.body))


def test_an_end_is_on_record_with_what_the_call_gave_back(story: Story) -> None:
    """Which call, whether it went well, its output without secrets, and how long it took."""
    with begun(story, SECRET) as steps:

        async def part(run: Running) -> None:
            run.emit(ToolStarted(id="c1", name="bash", summary="make test"))
            run.emit(ToolFinished(id="c1", name="bash", ok=True, output=f"ok {SECRET}"))
            run.emit(ToolFinished(id="c2", name="edit", ok=False, denied=True))

        play(steps, part)
    first, second = calls_in(story)
    assert (first.kind, first.actor) == ("attempt.tool_finished", "agent:copilot")
    assert isinstance(first.body["elapsed_ms"], int)
    told = {name: value for name, value in first.body.items() if name != "elapsed_ms"}
    assert told == {
        "call": "c1", "name": "bash", "what": "make test", "ok": True, "denied": False,
        "output": "ok [redacted]", "session": None,
    }  # fmt: skip
    assert (second.body["denied"], second.body["elapsed_ms"]) == (True, None)


def test_a_call_that_was_never_heard_of_again_is_on_record_too(story: Story) -> None:
    """Of an agent that was ended in the middle of it: whether it went well is not known."""
    with begun(story, SECRET) as steps:

        async def part(run: Running) -> None:
            run.emit(ToolStarted(id="c1", name="bash", summary="sleep 999"))

        play(steps, part)
    (entry,) = calls_in(story)
    assert (entry.body["what"], entry.body["ok"]) == ("sleep 999", None)


def test_what_an_agent_did_before_it_was_stopped_is_written(story: Story) -> None:
    """Though who writes the notes was stopped with it."""
    with begun(story, SECRET) as steps:

        async def whole() -> None:
            run = Running(steps=steps)
            run.emit(ToolStarted(id="c1", name="bash", summary="make"))
            run.emit(ToolFinished(id="c1", name="bash", ok=True))
            run.calls.close()
            with anyio.CancelScope() as scope:
                scope.cancel()
                await run.steps.write_last_notes()

        anyio.run(whole)
    assert [entry.body["what"] for entry in calls_in(story)] == ["make"]


def test_a_call_that_can_not_be_written_down_is_refused(story: Story, tmp_path: Path) -> None:
    """Here because the attempt was closed by somebody else meanwhile."""
    bounds = Bounds(workspace=str(tmp_path), may_write=True)
    with begun(story, SECRET) as steps:
        story.finish(steps.claim)
        answers = []

        async def part(run: Running) -> None:
            gate = gate_for(bounds, run.calls.decided)
            answers.append(await gate(action_of("bash", {"command": "true"})))

        play(steps, part)
    assert [(each.verdict, each.rule) for each in answers] == [(Verdict.DENY, "unrecorded")]
    assert calls_in(story) == []


def test_the_disk_keeps_an_answer_soon_after(story: Story) -> None:
    """Who settles ends with the run, and has the store synced for each answer before."""
    settled = []
    with begun(story, SECRET) as steps:
        database = steps.shop.database
        sync = database.settle

        def settle() -> None:
            sync()
            settled.append(len(calls_in(story)))

        database.settle = settle  # type: ignore[method-assign]

        async def part(run: Running) -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(run.calls.settle)
                await run.calls.decided(action_of("bash", {"command": "true"}), YES)
                while not settled:
                    await anyio.lowlevel.checkpoint()
                run.calls.close()

        play(steps, part)
    assert settled[0] == 1


def test_an_answer_of_a_person_is_on_record_beside_the_question(story: Story) -> None:
    """It is an answer of its own, to the same call."""
    with begun(story, SECRET) as steps:

        async def part(run: Running) -> None:
            action = action_of("bash", {"command": "git push"})
            ask = Decision(verdict=Verdict.ASK, rule="policy.ask_commands", reason="asked")
            await run.calls.decided(action, ask)
            await run.calls.decided(
                action, Decision(verdict=Verdict.ALLOW, rule="a1", reason="ada")
            )

        play(steps, part)
    assert [entry.body["verdict"] for entry in calls_in(story)] == ["ask", "allow"]


def test_what_is_long_is_cut_and_says_so(story: Story) -> None:
    """At ten thousand characters, of what a call is given and of what it gives back."""
    with begun(story, SECRET) as steps:

        async def part(run: Running) -> None:
            await run.calls.decided(action_of("edit", {"path": "a", "text": "x" * 50_000}), YES)
            run.emit(ToolFinished(id="c1", name="edit", ok=True, output="y" * 50_000))

        play(steps, part)
    given, gave = calls_in(story)
    assert str(given.body["arguments"]).startswith('{"path": "a", "text": "xxx')
    for text in (str(given.body["arguments"]), str(gave.body["output"])):
        assert OUTPUT_CHARACTERS <= len(text) < OUTPUT_CHARACTERS + 50
        assert "more)" in text[-20:]
