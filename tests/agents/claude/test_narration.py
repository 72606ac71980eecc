"""What is told while it works."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.base import AgentEvent, Said, SessionStarted, ToolFinished, ToolStarted
from deputize.agents.claude.control import Asked, answer_to, asked_in, prompt_message
from deputize.agents.claude.narration import Narrator
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from deputize.agents.jsonl import Json

SESSION = "0a1b2c3d-0000-4000-8000-00000000000a"
CALL: Json = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}


def _hear(narrator: Narrator, *messages: Json) -> list[AgentEvent]:
    return [event for message in messages for event in narrator.hear(message)]


def _stream(event: Json, parent: str | None = None) -> Json:
    return {"type": "stream_event", "event": event, "parent_tool_use_id": parent}


def _message(kind: str, *content: Json, parent: str | None = None) -> Json:
    told = {"id": "m1", "content": list(content)}
    return {"type": kind, "message": told, "parent_tool_use_id": parent}


def _delta(**delta: str) -> Json:
    return {"type": "content_block_delta", "delta": delta}


def test_words_and_thoughts_are_told_once() -> None:
    """What came in pieces is not told again whole; what did not come in pieces is."""
    narrator = Narrator()
    whole = _message("assistant", {"type": "text", "text": "ab"})
    assert _hear(narrator, whole) == [Said(text="ab\n")]
    begun: Json = {"type": "message_start", "message": {"id": "m1"}}
    pieces = [_stream(_delta(thinking="hm")), _stream(_delta(text="ab")), whole]
    told = _hear(narrator, _stream(begun), *pieces, _stream({"type": "message_stop"}))
    assert told == [Said(text="hm"), Said(text="ab"), Said(text="\n")]


def test_a_helper_s_words_are_its_own_but_its_tools_are_told() -> None:
    """Of an agent that was called to help, tool calls are told, and no answers."""
    narrator = Narrator()
    text: Json = {"type": "text", "text": "ab"}
    told = _hear(
        narrator,
        _stream(_delta(text="ab"), parent="t0"),
        _message("assistant", text, CALL, parent="t0"),
    )
    assert told == [ToolStarted(id="t1", name="Bash", summary="ls")]


def test_a_refused_call_is_told_as_denied() -> None:
    """How a call ended is told once, with the beginning of what it gave."""
    narrator = Narrator()
    narrator.refuse("t1")
    parts = [{"type": "text", "text": "no"}, {"type": "image"}]
    ended: Json = {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": parts}
    _, *told = _hear(
        narrator, _message("assistant", CALL), _message("user", ended), _message("user", ended)
    )
    assert told == [ToolFinished(id="t1", name="Bash", ok=False, denied=True, output="no")]


def test_a_session_is_told_once_and_only_by_its_name() -> None:
    """A second beginning is no other session, and what is no name is none."""
    begun: Json = {"type": "system", "subtype": "init", "session_id": SESSION}
    odd = {**begun, "session_id": "-x"}
    assert _hear(Narrator(), odd, begun, begun) == [SessionStarted(token=SESSION)]


def test_the_end_of_a_limit_is_kept() -> None:
    """Only where the limit was really reached."""
    narrator = Narrator()
    for status in ("allowed_warning", "rejected"):
        assert narrator.resets_at is None
        told = {"status": status, "resetsAt": 1_772_600_000}
        _hear(narrator, {"type": "rate_limit_event", "rate_limit_info": told})
    assert narrator.resets_at == datetime.fromtimestamp(1_772_600_000, UTC)


def test_a_prompt_is_no_command() -> None:
    """What begins with a slash is not what the program takes for a command of its own."""
    told = prompt_message("/clear it all")["message"]
    assert told == {"role": "user", "content": [{"type": "text", "text": "\n/clear it all"}]}


def test_asking_counts_as_no() -> None:
    """Only a plain yes lets a call through, and it goes through as it was asked."""
    for is_hook in (True, False):
        asked = Asked(identifier="t", name="Bash", arguments={"command": "ls"}, is_hook=is_hook)
        for verdict in Verdict:
            told = answer_to(asked, Decision(verdict=verdict, rule="r", reason="why"))
            said = told.get("behavior") or told["hookSpecificOutput"]["permissionDecision"]  # type: ignore[index]
            assert said == ("allow" if verdict is Verdict.ALLOW else "deny")
            if "updatedInput" in told:
                assert told["updatedInput"] == asked.arguments


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KINDS = st.sampled_from(
    ["system", "assistant", "user", "stream_event", "rate_limit_event", "result", "else"]
)


@given(KINDS, st.dictionaries(st.sampled_from(["message", "event", "rate_limit_info"]), ANY), ANY)
def test_no_message_breaks_it(kind: str, told: Json, content: object) -> None:
    """Any JSON in any place is taken, or passed over."""
    narrator = Narrator()
    _hear(narrator, {**told, "type": kind}, {"type": kind, "message": {"content": [content]}})
    for subtype in ("can_use_tool", "hook_callback", "else"):
        asked = asked_in({"subtype": subtype, "tool_name": content, "input": content, **told})
        assert asked is None or asked.action is None or asked.name
