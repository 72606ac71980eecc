"""Lines of Codex in our words."""

from __future__ import annotations

import json

import pytest

from deputize.agents.base import (
    AgentEvent,
    Noted,
    Said,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from deputize.agents.codex.narration import Narrator
from deputize.model.attempt import MOST_TOKENS_TOLD, Usage

THREAD = "01a1fb38-2c5c-7c71-8ad6-55b0d04bdfeb"


def hear(narrator: Narrator, *lines: object) -> list[AgentEvent]:
    """Let a narrator hear lines, each given as what is in it."""
    told = [json.dumps(line).encode() for line in lines]
    return [event for line in told for event in narrator.hear(line)]


def item(kind: str, phase: str = "completed", **more: object) -> dict[str, object]:
    """Make a line about an item."""
    return {"type": f"item.{phase}", "item": {"id": "item_1", "type": kind, **more}}


def test_a_turn_is_told() -> None:
    """Session, words, a command with its output, and what the thread has taken."""
    narrator = Narrator()
    command = {"command": "/bin/bash -lc 'make'", "aggregated_output": "", "status": "in_progress"}
    events = hear(
        narrator,
        {"type": "thread.started", "thread_id": THREAD},
        {"type": "turn.started"},
        item("agent_message", text="At once."),
        item("command_execution", "started", **command),
        item("command_execution", **command | {"aggregated_output": "no", "status": "failed"}),
        item("agent_message", text="It fails."),
        {"type": "turn.completed", "usage": {"input_tokens": 9, "cached_input_tokens": 2}},
    )
    told = [event for event in events if event != Said(text="")]
    assert told == [
        SessionStarted(token=THREAD),
        Said(text="At once.\n"),
        ToolStarted(id="item_1", name="exec_command", summary="/bin/bash -lc 'make'"),
        ToolFinished(id="item_1", name="exec_command", ok=False, output="no"),
        Said(text="It fails.\n"),
    ]
    assert (narrator.answer, narrator.is_done) == ("It fails.", True)
    assert narrator.total == Usage(input_tokens=9, cached_tokens=2)


def test_changed_files_are_told_with_their_paths() -> None:
    """A patch that is only told when it is over is a call that began and ended."""
    changes = [{"path": "/w/a.py", "kind": "add"}, {"path": "/w/b.py", "kind": "update"}]
    started, finished = hear(Narrator(), item("file_change", changes=changes, status="completed"))
    assert started == ToolStarted(id="item_1", name="apply_patch", summary="/w/a.py, /w/b.py")
    assert finished == ToolFinished(id="item_1", name="apply_patch", ok=True)


def test_a_tool_of_a_server_has_its_name() -> None:
    """Tools of other servers are told as such, and an error of theirs is what they gave back."""
    line = item("mcp_tool_call", server="s", tool="t", status="failed", error={"message": "no"})
    started, finished = hear(Narrator(), line)
    assert isinstance(started, ToolStarted)
    assert started.name == "mcp__s__t"
    assert finished == ToolFinished(id="item_1", name="mcp__s__t", ok=False, output="no")


def test_an_error_is_told_once_in_its_own_words() -> None:
    """What comes as the provider's JSON is told in its words; the failed turn repeats it."""
    narrator = Narrator()
    wrapped = json.dumps({"error": {"message": "No such thing.", "code": 429}})
    events = hear(
        narrator,
        {"type": "error", "message": wrapped},
        {"type": "turn.failed", "error": {"message": wrapped}},
    )
    assert events == [Noted(text="No such thing.")]
    assert (narrator.error, narrator.is_done) == ("No such thing.", False)


def test_trying_again_is_no_error() -> None:
    """A connection that is tried again and then works leaves no error behind."""
    narrator = Narrator()
    events = hear(
        narrator,
        {"type": "error", "message": "Reconnecting... 1/5 (status 500)"},
        {"type": "turn.completed", "usage": {}},
    )
    assert events == [Noted(text="Reconnecting... 1/5 (status 500)")]
    assert (narrator.error, narrator.is_done) == (None, True)


def test_a_refused_patch_is_known_from_the_log() -> None:
    """What the sandbox's rules refuse is told as a denied call, other lines as notes."""
    stamp = "2026-11-29T01:17:47.090847Z ERROR codex_core::tools::router:"
    why = "patch rejected: writing outside of the project; rejected by user approval settings"
    started, finished, *rest = Narrator().hear_error(f"{stamp} error={why}")
    assert isinstance(started, ToolStarted)
    assert finished == ToolFinished(
        id=started.id, name="apply_patch", ok=False, denied=True, output=why
    )
    assert rest == []
    (note,) = Narrator().hear_error("2026-11-29T01:17:47.090847Z ERROR elsewhere: oh")
    assert note == Noted(text="ERROR elsewhere: oh")


@pytest.mark.parametrize(
    "line",
    [
        b"not JSON",
        b"[1, 2]",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"type": "item.completed", "item": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_message_is_noted(line: bytes) -> None:
    """Anything else on its output is a line for the log, shortened."""
    (note,) = Narrator().hear(line)
    assert isinstance(note, Noted)
    assert len(note.text) <= 2000


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"type": 7},
        {"type": ["item.completed"]},
        {"type": "item.completed"},
        {"type": "item.completed", "item": "text"},
        item("agent_message", text=["no", "text"]),
        item("brand_new", text="what is this"),
        {"type": "turn.started", "more": None},
        {"type": "turn.completed", "usage": "much"},
    ],
)
def test_wrong_types_tell_nothing(line: dict[str, object]) -> None:
    """A message of the wrong shape is no more than a sign of life."""
    narrator = Narrator()
    assert [event for event in hear(narrator, line) if event != Said(text="")] == []
    assert (narrator.answer, narrator.total, narrator.thread) == ("", None, None)


def test_tool_calls_of_wrong_types_are_calls_all_the_same() -> None:
    """Where nothing about a call can be read, it is still one."""
    line = {"type": "item.completed", "item": {"type": "command_execution", "command": {"a": 1}}}
    started, finished = hear(Narrator(), line)
    assert isinstance(started, ToolStarted)
    assert isinstance(finished, ToolFinished)
    line["item"] = {"type": "file_change", "id": 7, "changes": [3, {"path": []}], "status": {}}
    assert len(hear(Narrator(), line)) == 2


@pytest.mark.parametrize("identifier", ["", "../../etc", "-c", "x" * 65, "a b c d e f", 12345678])
def test_a_thread_needs_a_name(identifier: object) -> None:
    """Ids become names of files and arguments: what could be anything else is not taken."""
    narrator = Narrator()
    (note,) = hear(narrator, {"type": "thread.started", "thread_id": identifier})
    assert isinstance(note, Noted)
    assert narrator.thread is None


def test_counts_that_can_not_be_are_bounded() -> None:
    """Usage that is nonsense neither counts backwards nor without end."""
    narrator = Narrator()
    usage = {"input_tokens": 10**30, "output_tokens": -5, "cached_input_tokens": "many"}
    hear(narrator, {"type": "turn.completed", "usage": usage})
    assert narrator.total == Usage(input_tokens=MOST_TOKENS_TOLD)


def test_long_words_are_shortened() -> None:
    """One message can't fill the log."""
    narrator = Narrator()
    (said,) = hear(narrator, item("agent_message", text="x" * 1_000_000))
    assert isinstance(said, Said)
    assert len(said.text) <= 64 * 1024 + 1
    assert len(narrator.answer) <= 64 * 1024
