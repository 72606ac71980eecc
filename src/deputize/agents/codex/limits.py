"""When a provider's limit ends: pure.

Codex tells people the hour at which a plan's limit ends. Of any other limit it keeps what the
provider said to itself and, where that is long, waits in silence; only its log has the headers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from deputize.agents.failures import LONGEST_WAIT, TOO_MANY_REQUESTS, reset_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LOGGED = "codex_http_client::client"
"""What its log calls the part that speaks to the provider; asked for in `RUST_LOG`."""
ANSWERED = re.compile(rf"{LOGGED}: Request completed [^{{]*?\bstatus=(\d{{3}})\b[^{{]*headers=")
HOUR = re.compile(
    r"try again at (?:([A-Z][a-z]{2}) (\d{1,2})(?:st|nd|rd|th), (\d{4}) )?"
    r"(\d{1,2}):(\d{2}) (AM|PM)\b"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
RESETS = ("x-ratelimit-reset-requests", "x-ratelimit-reset-tokens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A provider answered that there were too many requests."""

    retry_at: datetime | None = None
    is_waited_for: bool = False
    """The provider said when to come again: then the program waits, and says nothing."""


def limit_in(line: str, now: datetime) -> Limit | None:
    """Return the limit that a line of the log tells, None where it tells none."""
    found = ANSWERED.search(line)
    if found is None or int(found[1]) != TOO_MANY_REQUESTS:
        return None
    try:
        headers, _ = json.JSONDecoder().raw_decode(line, found.end())
    except (ValueError, RecursionError):
        return Limit()
    known = headers if isinstance(headers, dict) else {}
    moments = [each for each in _moments(known, now) if each is not None]
    return Limit(retry_at=max(moments, default=None), is_waited_for="retry-after" in known)


def hour_in(text: str, now: datetime) -> datetime | None:
    """Return the end of a plan's limit, which is told by the clock of this machine."""
    found = HOUR.search(text)
    if found is None:
        return None
    here = now.astimezone()
    month, day, year, hour, minute, half = found.groups()
    try:
        wall = here.replace(
            hour=int(hour) % 12 + (12 if half == "PM" else 0),
            minute=int(minute),
            second=0,
            microsecond=0,
        )
        if month is not None:
            wall = wall.replace(year=int(year), month=MONTHS.index(month) + 1, day=int(day))
        # Without its offset, so that a change to summer time on the way is taken into account.
        moment = wall.replace(tzinfo=None).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    # Seconds are not told: an hour of today that has just passed is the one that was meant.
    return max(moment + timedelta(minutes=1), now) if moment <= now + LONGEST_WAIT else None


def _moments(headers: Mapping[str, object], now: datetime) -> Iterator[datetime | None]:
    after = headers.get("retry-after")
    if isinstance(after, str):
        yield _after(after, now)
        return
    for name in RESETS:
        value = headers.get(name)
        if isinstance(value, str):
            yield reset_in(f"retry in {value}", now)


def _after(value: str, now: datetime) -> datetime | None:
    if value.isdecimal():
        return reset_in(f"retry in {value} s", now)
    try:
        moment = parsedate_to_datetime(value)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(aware, now) if aware <= now + LONGEST_WAIT else None
    except (ValueError, OverflowError):
        return None
