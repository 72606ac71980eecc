"""Arguments that several verbs take, and how their words are read."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.need import Need

LARGEST_ID = 2**63 - 1
"""The largest number that the database can hold."""


def add_format(parser: ArgumentParser, *others: str) -> None:
    """Let a verb print `text` or `json`, or one of `others`."""
    parser.add_argument(
        "--json",
        dest="format",
        action="store_const",
        const="json",
        default="text",
        help="print one JSON document; errors are JSON too",
    )
    parser.add_argument(
        "--format",
        dest="format",
        choices=("text", "json", *others),
        default="text",
        help="the same as a word (default: text)",
    )


def add_tasks(parser: ArgumentParser, *, several: bool) -> None:
    """Let a verb name one task or several, or the newest."""
    parser.add_argument(
        "ids",
        metavar="ID",
        nargs="*" if several else "?",
        type=task_id,
        help="a task: 12 or #12",
    )
    parser.add_argument("--latest", action="store_true", help="the newest task")


def add_narrowing(
    parser: ArgumentParser,
    what: str,
    *,
    role: str,
    since: str,
    of_tasks: bool = True,
    limit: int | None = 50,
) -> None:
    """Let a listing be narrowed; `role` and `since` say what the options keep."""
    add = parser.add_argument
    add("--state", metavar="STATE", help=f"only {what} in this state")
    add("--role", metavar="ROLE", help=f"only {what} {role}")
    if of_tasks:
        of = "of tasks " if "of tasks" in role else ""
        add("--agent", metavar="NAME", help=f"only {what} {of}of this agent")
        add("--label", metavar="L", help=f"only {what} {of}with this label")
        add("--plan", type=plan_id, metavar="ID", help=f"only {what} of a plan: p3 or 3")
    add("--since", type=past, metavar="WHEN", help=f"{since} since: RFC 3339, or 2h ago")
    usual = f" (default: {limit})" if limit else ""
    add("--limit", type=whole_number, metavar="N", default=limit, help=f"at most N{usual}")


def add_ends(parser: ArgumentParser) -> None:
    """Let tasks be narrowed to those that failed, and by why they did."""
    parser.add_argument(
        "--failed", dest="state", action="store_const", const="failed", help="as --state failed"
    )
    parser.add_argument(
        "--reason", metavar="R", help="only tasks that failed so, such as idle_timeout"
    )


def narrowing_of(arguments: Namespace) -> Narrowing:
    """Return what a listing was narrowed to."""
    from deputize.desk.narrowing import MOST, Narrowing

    return Narrowing(
        state=arguments.state,
        role=arguments.role,
        agent=getattr(arguments, "agent", None),
        label=getattr(arguments, "label", None),
        reason=getattr(arguments, "reason", None),
        since=arguments.since,
        plan=getattr(arguments, "plan", None),
        limit=MOST if arguments.limit is None else arguments.limit,
    )


def refuse_both(arguments: Namespace, named: object) -> None:
    """Raise InvalidInput where both an id and `--latest` were given."""
    from deputize.errors import InvalidInput

    if arguments.latest and named:
        hint = "leave out --latest, or the id"
        raise InvalidInput("--latest stands for an id: give one or the other", hint=hint)


def chosen_task(desk: Desk, arguments: Namespace) -> int:
    """Return the one task that was named."""
    return chosen_ids(desk, arguments)[0]


def chosen_ids(desk: Desk, arguments: Namespace) -> list[int]:
    """Return the tasks that were named, each once; InvalidInput if none was."""
    from deputize.desk.tasks import latest_id
    from deputize.errors import InvalidInput

    named = arguments.ids if isinstance(arguments.ids, list) else [arguments.ids]
    ids = [number for number in dict.fromkeys(named) if number is not None]
    refuse_both(arguments, ids)
    if arguments.latest:
        return [latest_id(desk)]
    if not ids:
        raise InvalidInput("which task?", hint="give an id such as 12, or --latest")
    return ids


def task_id(word: str) -> int:
    """Read `12` or `#12`."""
    return _numbered(word, "#", "a task id (12 or #12)")


def plan_id(word: str) -> int:
    """Read `p3` or `3`."""
    return _numbered(word, "p", "a plan (p3 or 3)")


def change_id(word: str) -> int:
    """Read `c7` or `7`."""
    return _numbered(word, "c", "a change (c7)")


def _numbered(word: str, mark: str, what: str) -> int:
    digits = word.removeprefix(mark)
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits[:20]) <= LARGEST_ID:
        raise ArgumentTypeError(f"{word!r} is not {what}")
    return int(digits)


def needs(word: str) -> list[Need]:
    """Read `12`, `12,13` or `12:end`."""
    return [_need(part.strip()) for part in word.split(",")]


def _need(word: str) -> Need:
    from deputize.model.need import Need, On

    number, _, on = word.partition(":")
    if on and on not in set(On):
        raise ArgumentTypeError(f"{on!r} is nothing to wait for: {', '.join(On)}")
    return Need(id=task_id(number), on=On(on or On.DONE))


def whole_number(word: str) -> int:
    """Read a whole number from 1."""
    if not (word.isascii() and word.isdecimal()) or not 0 < int(word[:20]) <= LARGEST_ID:
        raise ArgumentTypeError(f"{word!r} is not a whole number from 1")
    return int(word)


def dollars(word: str) -> float:
    """Read an amount of dollars, such as `2.50`."""
    digits = word.replace(".", "", 1)
    if not (digits.isascii() and digits.isdecimal()) or not float(word) > 0:
        raise ArgumentTypeError(f"{word!r} is not an amount of dollars such as 2.50")
    return float(word)


def slots(word: str) -> int:
    """Read how many tasks may be done at once."""
    from deputize.config.settings import MOST_SLOTS

    number = whole_number(word)
    if number > MOST_SLOTS:
        raise ArgumentTypeError(f"{word!r} is more than {MOST_SLOTS} slots")
    return number


def seconds(word: str) -> int:
    """Read a duration such as `90`, `10m` or `2h` as seconds."""
    from deputize.config.shape import duration

    found = duration(word)
    if found is None or found > LARGEST_ID:
        raise ArgumentTypeError(f"{word!r} is not a duration such as 90, 10m or 2h")
    return found


def age(word: str) -> int:
    """Read a duration such as `12h` or `90d` as seconds, as long as anything may be kept."""
    from deputize.config.shape import LONGEST_RETENTION_SECONDS, duration

    found = duration(word, LONGEST_RETENTION_SECONDS)
    if found is None:
        raise ArgumentTypeError(f"{word!r} is not a duration such as 12h or 90d")
    return found


def past(word: str) -> datetime:
    """Read an RFC 3339 moment, or a duration back from now."""
    return _moment(word, -1)


def future(word: str) -> datetime:
    """Read an RFC 3339 moment, or a duration from now."""
    return _moment(word, 1)


def _moment(word: str, sign: int) -> datetime:
    from datetime import UTC, datetime, timedelta

    from deputize.config.shape import duration

    span = duration(word)
    try:
        if span is not None:
            return datetime.now(UTC) + sign * timedelta(seconds=span)
        return datetime.fromisoformat(word).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        example = "2026-01-31T17:00:00Z or 2h"
        raise ArgumentTypeError(f"{word!r} is not a moment such as {example}") from error
