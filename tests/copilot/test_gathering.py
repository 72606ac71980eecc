"""What an agent's events and its report add up to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deputize.agents.base import Noted, Report, ToolFinished, ToolStarted
from deputize.copilot import DeltaKind
from deputize.copilot.gathering import Gathering
from deputize.errors import AgentError
from deputize.model.outcome import MEANINGS, Outcome

NOW = datetime(2026, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.SUCCEEDED])
def test_whether_asking_again_may_help_is_told(outcome: Outcome) -> None:
    """As the table of outcomes has it, with the report's words and the end of a limit."""
    result = Gathering(lambda: 1.0).result(Report(outcome=outcome, error="no", retry_at=NOW))
    assert isinstance(result.error, AgentError)
    assert (result.success, result.error.message, result.retry_at) == (False, "no", NOW)
    assert (result.error.outcome, result.error.recoverable) == (
        outcome,
        MEANINGS[outcome].retryable,
    )


def test_a_failure_without_words_has_some() -> None:
    """Its outcome stands in for them."""
    result = Gathering(lambda: 1.0).result(Report(outcome=Outcome.AGENT_ERROR))
    assert str(result.error) == "it ended as agent_error"


def test_a_call_whose_end_alone_was_heard_is_on_record() -> None:
    """And one that never ended is neither done nor denied."""
    gathering = Gathering(lambda: 1.0)
    told = [
        gathering.hear(event)
        for event in (
            Noted(text="again"),
            ToolFinished(id="1", name="edit", ok=True, output="done"),
            ToolStarted(id="2", name="bash", summary="ls"),
        )
    ]
    assert [delta.kind for delta in told if delta] == [
        DeltaKind.NOTE,
        DeltaKind.TOOL_END,
        DeltaKind.TOOL_START,
    ]
    calls = gathering.result(Report(outcome=Outcome.SUCCEEDED)).tool_calls
    assert [(call.tool, call.ok, call.denied, call.output) for call in calls] == [
        ("edit", True, False, "done"),
        ("bash", False, False, ""),
    ]
