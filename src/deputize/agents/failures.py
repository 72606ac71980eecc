"""What a model's or provider's failure amounts to: pure, from status and words.

Agents hand on no headers of a provider's answer: when a limit ends is read, in the many ways in
which that is said, from the sentence that people are meant to read.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

BAD_CREDENTIALS = frozenset({401, 403, 407})
PAYMENT_REQUIRED = 402
TOO_MANY_REQUESTS = 429
OVERLOADED = 529
"""What Anthropic answers when it has no capacity."""

LONGEST_WAIT = timedelta(days=31)
"""A later reset is taken for a mistake."""
LONGEST_TEXT = 4000
"""Characters of a message that are looked at: it may hold whatever the model wrote."""
EPOCH_FROM = 1_000_000_000
"""A number from here on is a moment (seconds since 1970), a smaller one is a span."""

QUOTA = re.compile(
    r"insufficient[_ ]quota|quota|billing|credit balance|out of credits|premium request"
    r"|spending limit|usage limit|payment required|monthly limit",
    re.IGNORECASE,
)
RATE = re.compile(
    r"rate[-_ ]?limit|too many requests|too many concurrent|secondary rate|throttl|overloaded",
    re.IGNORECASE,
)
AUTH = re.compile(
    r"authenticat|unauthori[sz]ed|(?:invalid|incorrect|missing|expired|no)[^.\n]{0,40}"
    r"(?:api[-_ ]?key|credential|token)|not logged in|log ?in required|please (?:log|sign) in",
    re.IGNORECASE,
)
STATUS = re.compile(
    r"\b(?:HTTP|status(?: code)?|error(?: code)?|code)\W{0,3}([45]\d\d)\b"
    r"|\(([45]\d\d)\)|^\W*([45]\d\d)\b|\b(429|529)\b",
    re.IGNORECASE,
)
COUNT = r"\d{1,15}(?:\.\d{1,9})?"
UNIT = r"(?:ms|milliseconds?|[smhd]|sec\w*|min\w*|hours?|hrs?|days?)(?![a-z])"
SPAN = re.compile(rf"({COUNT})\s*({UNIT})", re.IGNORECASE)
SPANS = re.compile(
    r"(?:again|retry(?:ing)?|reset\w*|wait|available)[^.\d\n]{0,30}?\b(?:in|after|for)?\W{0,3}"
    rf"((?:{COUNT}\s*{UNIT}[\s,]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
MOMENT = re.compile(
    r"\b(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?\s?(?:Z|UTC|[+-]\d\d:?\d\d)?)",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"(?:retry|reset)\w*?[-_ ](after|at|in|seconds)\w*\"?\W{1,4}(\d{1,15}(?:\.\d{1,9})?)(?![\d:-])",
    re.IGNORECASE,
)

SECONDS_PER = MappingProxyType({"ms": 0.001, "m": 60.0, "h": 3600.0, "d": 86400.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What it amounts to, and when trying again makes sense, where that was said."""

    outcome: Outcome
    retry_at: datetime | None = None


def failure_of(
    *,
    status: int | None = None,
    text: str = "",
    now: datetime,
) -> Failure:
    """Tell what a failed model call amounts to; `status` is read from `text` where it's missing."""
    text = text[:LONGEST_TEXT]
    outcome = _outcome(status if status is not None else status_in(text), text)
    if outcome not in {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT}:
        return Failure(outcome=outcome)
    return Failure(outcome=outcome, retry_at=reset_in(text, now))


def status_in(text: str) -> int | None:
    """Return the HTTP status that an error message names."""
    found = STATUS.search(text[:LONGEST_TEXT])
    if found is None:
        return None
    return next(int(group) for group in found.groups() if group)


def reset_in(text: str, now: datetime) -> datetime | None:
    """Return when a limit ends; None where the message does not say."""
    for moment in _moments(text[:LONGEST_TEXT], now):
        if moment is not None and moment <= now + LONGEST_WAIT:
            return max(moment, now)
    return None


def _outcome(status: int | None, text: str) -> Outcome:
    if status == PAYMENT_REQUIRED:
        return Outcome.QUOTA_SPENT
    if status == TOO_MANY_REQUESTS:
        return Outcome.QUOTA_SPENT if _is_quota(text) else Outcome.RATE_LIMITED
    if status == OVERLOADED:
        return Outcome.RATE_LIMITED
    if status in BAD_CREDENTIALS:
        return _refused(status, text)
    return _by_words(text) if status is None else Outcome.AGENT_ERROR


def _refused(status: int | None, text: str) -> Outcome:
    """Tell a refusal for want of rights from GitHub's 403 for a limit."""
    limited = _limited(text) if status not in {401, 407} else None
    return limited or Outcome.AUTH_FAILED


def _by_words(text: str) -> Outcome:
    if limited := _limited(text):
        return limited
    return Outcome.AUTH_FAILED if AUTH.search(text) else Outcome.AGENT_ERROR


def _limited(text: str) -> Outcome | None:
    if _is_quota(text):
        return Outcome.QUOTA_SPENT
    return Outcome.RATE_LIMITED if RATE.search(text) else None


def _is_quota(text: str) -> bool:
    return QUOTA.search(text) is not None


def _moments(text: str, now: datetime) -> Iterator[datetime | None]:
    for found in SPANS.finditer(text):
        yield now + _span(found[1])
    for found in NUMBER.finditer(text):
        yield _numeric(float(found[2]), now)
    for found in MOMENT.finditer(text):
        yield _written(found[1])


def _numeric(number: float, now: datetime) -> datetime | None:
    if number < EPOCH_FROM:
        return now + timedelta(seconds=number)
    # Some count milliseconds since 1970.
    seconds = number / 1000 if number > EPOCH_FROM * 1000 else number
    return datetime.fromtimestamp(seconds, UTC) if seconds < EPOCH_FROM * 10 else None


def _span(text: str) -> timedelta:
    seconds = sum(float(count) * _seconds_per(unit.lower()) for count, unit in SPAN.findall(text))
    return timedelta(seconds=min(math.ceil(seconds), LONGEST_WAIT.total_seconds() + 1))


def _seconds_per(unit: str) -> float:
    if unit.startswith(("ms", "milli")):
        return SECONDS_PER["ms"]
    return SECONDS_PER.get(unit[0], 1.0)


def _written(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(
            text.upper().replace(" UTC", "Z").replace("UTC", "Z").strip()
        )
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
