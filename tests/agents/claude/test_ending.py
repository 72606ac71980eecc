"""What the last message amounts to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deputize.agents.claude.ending import is_unknown_session, report_of
from deputize.model.outcome import Outcome

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)


def _result(**told: Any) -> dict[str, object]:  # noqa: ANN401 - JSON
    good = {"type": "result", "subtype": "success", "is_error": False, "result": "Done."}
    return {**good, "terminal_reason": "completed", "api_error_status": None, **told}


def test_what_was_completed_has_succeeded() -> None:
    """The answer is the result's text."""
    report = report_of(_result(), None, NOW)
    assert (report.outcome, report.answer, report.error) == (Outcome.SUCCEEDED, "Done.", None)


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"api_error_status": 400, "result": "API Error: 400 No."}, Outcome.AGENT_ERROR),
        ({"api_error_status": 401, "result": "Invalid API key"}, Outcome.AUTH_FAILED),
        ({"result": "Not logged in · Please run /login"}, Outcome.AUTH_FAILED),
        ({"api_error_status": 429, "result": "Rejected (429)"}, Outcome.RATE_LIMITED),
        ({"api_error_status": 429, "result": "You've hit your usage limit"}, Outcome.QUOTA_SPENT),
        ({"api_error_status": 529, "result": "Overloaded"}, Outcome.RATE_LIMITED),
        ({"api_error_status": 400, "result": "Credit balance is too low"}, Outcome.QUOTA_SPENT),
        ({"api_error_status": "429", "result": "odd"}, Outcome.AGENT_ERROR),
    ],
)
def test_a_failure_of_the_model_is_told_though_it_says_success(
    told: dict[str, object], outcome: Outcome
) -> None:
    """`subtype` stays `success` where the model has failed; nothing of that is an answer."""
    report = report_of(_result(is_error=True, terminal_reason="api_error", **told), None, NOW)
    assert (report.outcome, report.answer) == (outcome, "")
    assert report.error == told["result"]


@pytest.mark.parametrize(
    "told",
    [
        {"subtype": "error_max_turns", "terminal_reason": "max_turns"},
        {"terminal_reason": "aborted_tools"},
        {"is_error": None},
        {"subtype": None},
    ],
)
def test_what_stopped_early_has_not_succeeded(told: dict[str, object]) -> None:
    """Whatever is not plainly completed is an error of the agent, with its reason."""
    report = report_of(_result(**told), None, NOW)
    assert report.outcome is Outcome.AGENT_ERROR
    assert "stopped early" in (report.error or "")


def test_the_words_of_an_early_end_are_told() -> None:
    """What it lists as errors is the error."""
    told = _result(subtype="error_during_execution", is_error=True, result=None, errors=["a", "b"])
    assert report_of(told, None, NOW).error == "a\nb"


@pytest.mark.parametrize(
    ("text", "told_before", "retry_at"),
    [
        ("Try again in 20m.", LATER, NOW + timedelta(minutes=20)),
        ("Limit reached.", LATER, LATER),
        ("Limit reached.", NOW - timedelta(days=1), None),
        ("Limit reached.", NOW + timedelta(days=99), None),
        ("Limit reached.", None, None),
    ],
)
def test_a_limit_s_end_is_the_one_that_was_told(
    text: str, told_before: datetime | None, retry_at: datetime | None
) -> None:
    """The message's own words come first, then what was told on the way, where it is believable."""
    told = _result(is_error=True, api_error_status=429, result=text)
    assert report_of(told, told_before, NOW).retry_at == retry_at


def test_an_unknown_session_is_one_where_nothing_was_done() -> None:
    """It ends as an error without a turn; an error later on is one of the work."""
    nothing = _result(subtype="error_during_execution", num_turns=0)
    assert is_unknown_session(nothing)
    assert not is_unknown_session({**nothing, "num_turns": 3})
    assert not is_unknown_session(_result(num_turns=0))
