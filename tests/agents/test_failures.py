"""What a failed model call amounts to, and when a limit ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.failures import LONGEST_WAIT, failure_of, reset_in, status_in
from deputize.model.outcome import Outcome

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
LIMITS = {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT}


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (400, "bad request", Outcome.AGENT_ERROR),
        (400, "rate limit is a field of this schema", Outcome.AGENT_ERROR),
        (401, "whatever", Outcome.AUTH_FAILED),
        (401, "quota", Outcome.AUTH_FAILED),
        (402, "", Outcome.QUOTA_SPENT),
        (403, "forbidden", Outcome.AUTH_FAILED),
        (403, "You have exceeded a secondary rate limit.", Outcome.RATE_LIMITED),
        (403, "You have no quota left", Outcome.QUOTA_SPENT),
        (404, "model not found", Outcome.AGENT_ERROR),
        (407, "proxy", Outcome.AUTH_FAILED),
        (413, "prompt too long", Outcome.AGENT_ERROR),
        (429, "slow down", Outcome.RATE_LIMITED),
        (429, '{"code": "insufficient_quota"}', Outcome.QUOTA_SPENT),
        (429, "You exceeded your current quota, check your plan and billing", Outcome.QUOTA_SPENT),
        (429, "no premium requests left", Outcome.QUOTA_SPENT),
        (500, "rate limit", Outcome.AGENT_ERROR),
        (503, "unavailable", Outcome.AGENT_ERROR),
        (529, "overloaded_error", Outcome.RATE_LIMITED),
        (None, "", Outcome.AGENT_ERROR),
        (None, "Error: 429 scripted", Outcome.RATE_LIMITED),
        (None, "Request failed: Bad request (400): rate limit", Outcome.AGENT_ERROR),
        (None, "Authentication failed with provider at http://x (HTTP 401).", Outcome.AUTH_FAILED),
        (None, "No GitHub OAuth token or Copilot HMAC key provided", Outcome.AUTH_FAILED),
        (None, "Incorrect API key provided: sk-…", Outcome.AUTH_FAILED),
        (None, "Not logged in", Outcome.AUTH_FAILED),
        (None, "Rate limit exceeded", Outcome.RATE_LIMITED),
        (None, "Too Many Requests", Outcome.RATE_LIMITED),
        (None, "Your credit balance is too low", Outcome.QUOTA_SPENT),
        (None, "Last error: 429 try later", Outcome.RATE_LIMITED),
        (None, "line 4291 is wrong", Outcome.AGENT_ERROR),
    ],
)
def test_a_failure_is_told_by_status_then_by_words(
    status: int | None, text: str, outcome: Outcome
) -> None:
    """The status decides; where there is none, the one in the message; else its words."""
    assert failure_of(status=status, text=text, now=NOW).outcome is outcome


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Please try again in 20s.", 20),
        ("Please try again in 6m0s.", 360),
        ("try again in 1h30m", 5400),
        ("Please try again in 850ms", 1),
        ("Please retry in 12.5s", 13),
        ("Please wait 2 minutes before you try again", 120),
        ("limit resets in 1 hour and 3 minutes", 3780),
        ("retry after 30 seconds", 30),
        ("available again in 2 days", 172800),
        ('{"error": {"retry_after": 12}}', 12),
        ('{"resets_in_seconds": 77}', 77),
        ('{"resets_at": 1772600767}', 0),
        ('{"resets_at": 1772601067}', 300),
        ('{"resets_at": 1772601067000}', 300),
        ("resets at 2026-03-04T05:11:07Z", 300),
        ("resets at 2026-03-04 05:11:07 UTC", 300),
        ("until 2026-03-04T06:11:07+01:00", 300),
        ("it reset at 2020-01-01T00:00:00Z", 0),
    ],
)
def test_the_end_of_a_limit_is_read_from_the_message(text: str, seconds: int) -> None:
    """Spans and moments in the words that providers use are understood; a past one means now."""
    failure = failure_of(status=429, text=text, now=NOW)
    assert failure.retry_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize("digits", [20, 400, 5000])
def test_an_endless_number_is_no_time(digits: int) -> None:
    """Hostile numbers neither break the reading nor make it slow."""
    number = "9" * digits
    text = f"try again in {number} s, retry_after: {number}, " + "again 1s and " * 300
    moment = reset_in(text, NOW)
    assert moment is None or moment <= NOW + LONGEST_WAIT


@pytest.mark.parametrize(
    "text",
    ["", "slow down", "try again later", "in 400 days try again in 400 days", "retry: never"],
)
def test_an_end_that_is_not_said_is_not_made_up(text: str) -> None:
    """Without a believable time in it, a message gives none."""
    assert failure_of(status=429, text=text, now=NOW).retry_at is None


def test_what_is_no_limit_has_no_end() -> None:
    """A time in the message of another failure means nothing."""
    assert failure_of(status=400, text="try again in 20s", now=NOW).retry_at is None


@given(st.text(max_size=300), st.one_of(st.none(), st.integers(0, 999)))
def test_no_message_breaks_it(text: str, status: int | None) -> None:
    """Any text and any status give one of the outcomes, and no moment in the past or far future."""
    failure = failure_of(status=status, text=text, now=NOW)
    assert failure.outcome in {Outcome.AGENT_ERROR, Outcome.AUTH_FAILED, *LIMITS}
    if failure.retry_at is not None:
        assert failure.outcome in LIMITS
        assert NOW <= failure.retry_at <= NOW + LONGEST_WAIT


@given(
    st.from_regex(
        r"(?:retry|try again|reset)\w{0,4}[ _](?:in|at|after)?\W{1,3}[0-9 .:TZsmhd-]{1,40}"
    )
)
def test_no_time_breaks_it(text: str) -> None:
    """However mangled a time is, reading it raises nothing."""
    moment = reset_in(text, NOW)
    assert moment is None or NOW <= moment <= NOW + LONGEST_WAIT


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("HTTP 503", 503),
        ("400 no", 400),
        ("status code: 429", 429),
        ("port 8443", None),
        ("", None),
    ],
)
def test_a_status_is_found_where_it_is_named_as_one(text: str, status: int | None) -> None:
    """A number is taken for a status where the message says so, or begins with it."""
    assert status_in(text) == status
