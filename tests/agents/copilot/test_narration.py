"""The events of a Copilot session, in our words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.base import AgentEvent, Noted, Said, ToolFinished, ToolStarted, Used
from deputize.agents.copilot.narration import Narrator
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
KINDS = (
    "assistant.message_delta",
    "assistant.message",
    "assistant.usage",
    "tool.execution_start",
    "tool.execution_complete",
    "model.call_failure",
    "session.error",
    "session.idle",
    "session.warning",
    "unknown",
)
VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers())


def _narrator() -> Narrator:
    return Narrator(lambda: NOW)


def _tell(narrator: Narrator, *events: tuple[str, dict[str, object]]) -> list[AgentEvent]:
    return [told for kind, data in events for told in narrator.hear(kind, data)]


def test_a_streamed_message_is_told_once() -> None:
    """What came in pieces isn't repeated when the message is whole; one without pieces is told."""
    narrator = _narrator()
    events = _tell(
        narrator,
        ("assistant.message_delta", {"messageId": "1", "deltaContent": "Do"}),
        ("assistant.message_delta", {"messageId": "1", "deltaContent": "ne."}),
        ("assistant.message", {"messageId": "1", "content": "Done."}),
        ("assistant.message", {"messageId": "2", "content": "Really."}),
    )
    assert "".join(event.text for event in events if isinstance(event, Said)) == "Done.\nReally.\n"
    assert narrator.answer == "Really."


def test_what_a_helper_of_the_agent_says_is_not_the_answer() -> None:
    """Messages inside a tool call stay inside."""
    narrator = _narrator()
    told: dict[str, object] = {"messageId": "1", "content": "inner", "parentToolCallId": "c"}
    assert _tell(narrator, ("assistant.message", told)) == []
    assert narrator.answer == ""


def test_a_tool_call_is_told_with_its_name_and_its_end() -> None:
    """Its end bears the name of its beginning, and says whether it was denied."""
    events = _tell(
        _narrator(),
        (
            "tool.execution_start",
            {"toolCallId": "1", "toolName": "bash", "arguments": {"command": "ls"}},
        ),
        (
            "tool.execution_complete",
            {"toolCallId": "1", "success": True, "result": {"content": "a"}},
        ),
        (
            "tool.execution_complete",
            {"toolCallId": "1", "success": False, "error": {"code": "denied", "message": "no"}},
        ),
    )
    assert events == [
        ToolStarted(id="1", name="bash", summary="ls"),
        ToolFinished(id="1", name="bash", ok=True, output="a"),
        ToolFinished(id="1", name="bash", ok=False, denied=True, output="no"),
    ]


def test_usage_is_told_for_each_call() -> None:
    """Input, output and cached tokens are the model call's own."""
    data: dict[str, object] = {
        "inputTokens": 10,
        "outputTokens": 2,
        "cacheReadTokens": 4,
        "reasoningTokens": 1,
        "cost": 1.0,
        "model": "m",
    }
    usage = Usage(input_tokens=10, output_tokens=2, cached_tokens=4, reasoning_tokens=1)
    assert _tell(_narrator(), ("assistant.usage", data)) == [Used(usage=usage, model="m")]


def test_a_limit_holds_until_a_call_succeeds() -> None:
    """Failed calls are noted; the limit is forgotten when the model answers again."""
    narrator = _narrator()
    failed = {"statusCode": 429, "errorMessage": "try again in 30s"}
    events = _tell(narrator, ("model.call_failure", failed))
    assert [type(event) for event in events] == [Noted]
    assert narrator.limit is not None
    assert narrator.limit.failure.retry_at == NOW + timedelta(seconds=30)
    _tell(narrator, ("assistant.usage", {}))
    assert narrator.limit is None


def test_the_last_error_keeps_the_end_of_the_limit() -> None:
    """A final error that doesn't say when the limit ends takes it from the failed calls."""
    narrator = _narrator()
    _tell(
        narrator,
        ("model.call_failure", {"statusCode": 429, "errorMessage": "try again in 30s"}),
        ("session.error", {"statusCode": 429, "message": "retried 5 times"}),
    )
    assert narrator.error is not None
    assert narrator.error.failure.outcome is Outcome.RATE_LIMITED
    assert narrator.error.failure.retry_at == NOW + timedelta(seconds=30)


def test_an_error_that_the_session_recovers_from_is_forgotten() -> None:
    """A new turn after an error means that the session goes on."""
    narrator = _narrator()
    _tell(narrator, ("session.error", {"message": "hiccup"}))
    assert narrator.error is not None
    _tell(narrator, ("assistant.turn_start", {}))
    assert narrator.error is None


def test_a_session_in_the_middle_of_a_turn_is_over_only_after_the_prompt() -> None:
    """The end of what a dead process had begun is not the end of what is asked now."""
    narrator = _narrator()
    narrator.begin(in_the_middle=True)
    _tell(narrator, ("session.idle", {}))
    assert not narrator.is_over
    _tell(narrator, ("user.message", {"content": "go on"}), ("session.idle", {}))
    assert narrator.is_over


def test_a_session_that_idles_before_the_prompt_is_not_over() -> None:
    """Only the idling after the prompt was sent is its end, and tells whether it was aborted."""
    narrator = _narrator()
    _tell(narrator, ("session.idle", {}))
    assert not narrator.is_over
    narrator.begin()
    _tell(narrator, ("session.idle", {"aborted": True}))
    assert (narrator.is_over, narrator.was_aborted) == (True, True)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.dictionaries(
                st.sampled_from(
                    ["toolCallId", "toolName", "arguments", "error", "result", "message", "content"]
                ),
                VALUES,
            ),
        )
    )
)
def test_no_event_breaks_it(events: list[tuple[str, dict[str, object]]]) -> None:
    """Known kinds with unexpected contents, and unknown kinds, raise nothing."""
    narrator = _narrator()
    _tell(narrator, *events)
    assert not narrator.is_over
