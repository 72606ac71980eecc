"""When a provider's limit ends, by Codex's words and by its log."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.agents.codex.limits import Limit, hour_in, limit_in

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
VISIT = "You've hit your usage limit. Visit https://chatgpt.com/settings/usage to purchase more"


@pytest.fixture(params=["UTC", "Europe/Berlin", "America/Los_Angeles"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have this machine's clock stand in some zone."""
    name: str = request.param
    monkeypatch.setenv("TZ", name)
    time.tzset()
    yield name
    monkeypatch.undo()
    time.tzset()


def logged(status: int, headers: str) -> str:
    """Make a line as Codex's log has it."""
    return (
        "2026-03-04T05:06:07.000000Z DEBUG codex_http_client::client: Request completed method=POST"
        f" url=http://127.0.0.1:1/v1/responses status={status} Too Many Requests headers={headers}"
        " version=HTTP/1.1"
    )


def ending(moment: datetime, *, same_day: bool) -> str:
    """Say a moment as Codex does."""
    here = moment.astimezone()
    hour = f"{(here.hour - 1) % 12 + 1}:{here:%M} {'PM' if here.hour >= 12 else 'AM'}"
    day = f"{here:%b} {here.day}{'th'}, {here.year} "
    return f"{VISIT} credits or try again at {'' if same_day else day}{hour}."


def test_the_hour_of_today_is_that_of_this_machine(zone: str) -> None:
    """An hour without a day is one of today, and a minute later it is over for certain."""
    moment = datetime(2026, 3, 4, 6, 10, tzinfo=UTC)
    expected = moment + timedelta(minutes=1)
    assert hour_in(ending(moment, same_day=True), NOW) == expected, zone


def test_another_day_is_told_with_its_hour(zone: str) -> None:
    """A day is told in full."""
    moment = datetime(2026, 3, 29, 23, 45, tzinfo=UTC)
    expected = moment + timedelta(minutes=1)
    assert hour_in(ending(moment, same_day=False), NOW) == expected, zone


@pytest.mark.parametrize(
    "text",
    [
        "",
        "You've hit your usage limit. Try again later.",
        "try again at 25:99 PM",
        "try again at Feb 31st, 2026 1:10 AM",
        "try again at Xyz 3rd, 2026 1:10 AM",
        "try again at Mar 4th, 9999 1:10 AM",
        "try again at Mar 4th, 0000 1:10 AM",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    """A time that can't be, or is far off, is not taken."""
    assert hour_in(text, NOW) is None


@pytest.mark.parametrize(
    ("headers", "seconds", "waits"),
    [
        ({"retry-after": "90"}, 90, True),
        ({"retry-after": "Wed, 04 Mar 2026 05:16:07 GMT"}, 600, True),
        ({"retry-after": "90", "x-ratelimit-reset-requests": "20m"}, 90, True),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-reset-tokens": "12ms"}, 360, False),
    ],
)
def test_headers_tell_when_a_limit_ends(
    headers: dict[str, str], seconds: int, *, waits: bool
) -> None:
    """The program waits only where it was told to come again."""
    limit = limit_in(logged(429, json.dumps(headers)), NOW)
    assert limit == Limit(retry_at=NOW + timedelta(seconds=seconds), is_waited_for=waits)


@pytest.mark.parametrize(
    "headers",
    [
        *("{", "{}", "[1]", '{"retry-after": 7}', '{"retry-after": "soon"}', '{"a": "\\u{e9}"}'),
        *('{"retry-after": "99999999999999"}', '{"retry-after": "Wed, 99 Mar 2026 05:16:07 GMT"}'),
    ],
)
def test_a_limit_without_a_time_is_a_limit(headers: str) -> None:
    """Headers that can't be read leave the status."""
    limit = limit_in(logged(429, headers), NOW)
    assert limit is not None
    assert limit.retry_at is None


def test_other_lines_tell_no_limit() -> None:
    """Other statuses and other parts of the program are not looked at."""
    assert limit_in(logged(200, '{"retry-after": "90"}'), NOW) is None
    assert limit_in('elsewhere: status=429 headers={"retry-after": "90"}', NOW) is None
