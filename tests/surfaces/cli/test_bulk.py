"""Tasks that are moved by what they have in common, and those that have failed for good."""

from __future__ import annotations

import os
import pty
import subprocess
from argparse import ArgumentParser
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize import queue
from deputize.clock import ManualClock, SystemClock
from deputize.config.home import Home
from deputize.desk.choosing import by_ids
from deputize.desk.context import open_desk
from deputize.model.outcome import Outcome
from deputize.surfaces.cli.moves import Verb, add_move_arguments, carry_out
from deputize.surfaces.cli.output import Output
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.task import Task
    from tests.surfaces.cli.conftest import CommandLine

WRITER, FALLEN, TESTER, GOOSE, HELD, WAITING, REVOKED = range(1, 8)


@contextmanager
def yard_of(deputize: CommandLine) -> Iterator[Yard]:
    """Open the home's queue, two days ago."""
    with open_desk(Home(deputize.home)) as desk:
        past = SystemClock().now() - timedelta(days=2)
        yield Yard(database=desk.database, clock=ManualClock(past))


@pytest.fixture
def shelf(deputize: CommandLine) -> CommandLine:
    """Fill the home: three that failed, one that fell with the first, two that wait, one revoked.

    The first failed two days ago, after two tries; the next was added then and failed now, as all
    else.
    """
    with yard_of(deputize) as yard:
        yard.add(attempts=2)
        yard.add(WRITER, attempts=1)
        for _ in range(2):
            yard.pass_time(600)
            yard.run(Outcome.IDLE_TIMEOUT, error="it said\x1b[31m nothing")
        yard.add(role="tester", labels=("nightly",))
        yard.clock.at = SystemClock().now()
        yard.run(Outcome.AGENT_ERROR)
        yard.add(agent="goose", labels=("nightly",))
        yard.run(Outcome.IDLE_TIMEOUT)
        yard.add(role="tester", labels=("nightly",), held=True)
        yard.add(agent="goose")
        yard.add()
        queue.cancel(yard.database, REVOKED, ADA, yard.now)
    return deputize


def ids(deputize: CommandLine, *words: str) -> list[int]:
    """Return the ids that a verb tells of as JSON."""
    said = deputize(*words, "--json")
    assert said.code == 0, said.err
    return [task["id"] for task in said.document]


def states(deputize: CommandLine) -> list[str]:
    """Return the states of all tasks, first to last."""
    said = deputize("list", "--all", "--json")
    assert said.code == 0, said.err
    return [task["state"] for task in reversed(said.document)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--failed",), [WRITER, TESTER, GOOSE]),
        (("--failed", "--since", "1d"), [TESTER, GOOSE]),
        (("--state", "failed", "--since", "3d", "--role", "writer"), [WRITER, GOOSE]),
        (("--reason", "idle_timeout"), [WRITER, GOOSE]),
        (("--reason", "idle_timeout", "--since", "1d"), [GOOSE]),
        (("--failed", "--label", "nightly"), [TESTER, GOOSE]),
        (("--failed", "--agent", "goose"), [GOOSE]),
        (("--reason", "need_failed"), [FALLEN]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_the_same_words_list_and_revive_what_has_failed(
    shelf: CommandLine, words: tuple[str, ...], found: list[int]
) -> None:
    """Newest first where they are listed, in the order of their needs where they are moved."""
    before = states(shelf)
    assert ids(shelf, "list", *words) == found[::-1]
    assert ids(shelf, "retry", *words, "--dry-run") == found
    assert states(shelf) == before


def test_what_has_failed_says_why_when_and_after_how_many_tries(shelf: CommandLine) -> None:
    """A line each, harmless on any terminal; and what can be typed next."""
    said = shelf("list", "--failed")
    head, *rows = said.out.splitlines()
    assert head.split() == ["ID", "ROLE", "AGENT", "TRIES", "FAILED", "TITLE", "WHY"]
    assert rows[-1].split()[:6] == ["#1", "writer", "copilot", "2", "1d23h", "ago"]
    assert "idle_timeout: it said" in rows[-1]
    assert "\x1b" not in said.out
    assert "deputize retry" in said.err


def test_revived_by_what_they_have_in_common(shelf: CommandLine) -> None:
    """With what fell for want of them; all else stays, and how many is said."""
    said = shelf("retry", "--reason", "idle_timeout")
    assert said.out == "#1 queued: Fix the typo\n#4 queued: Fix the typo\n"
    expected = ["queued", "blocked", "failed", "queued", "queued", "queued", "cancelled"]
    assert (said.code, states(shelf)) == (0, expected)
    again = shelf("retry", "--reason", "idle_timeout")
    assert (again.code, again.out, again.err) == (0, "", "nothing to retry: no such task\n")
    assert shelf("retry", "--reason", "idle_timeout", "--json").document == []


def test_the_oldest_come_first(shelf: CommandLine) -> None:
    """Where not all are wanted at once."""
    assert ids(shelf, "retry", "--failed", "--limit", "1") == [WRITER]
    assert ids(shelf, "retry", "--failed", "--limit", "1") == [TESTER]


def test_what_came_back_with_its_need_is_no_mistake(shelf: CommandLine) -> None:
    """A need goes first, whichever way round they were named."""
    said = shelf("retry", str(FALLEN), str(WRITER))
    assert said.out == (
        "#1 queued: Fix the typo\n#2 blocked: Fix the typo (came back with its need)\n"
    )
    assert (said.code, said.err) == (0, "")


def test_what_can_not_be_revived_is_told_and_keeps_the_others_from_nothing(
    shelf: CommandLine,
) -> None:
    """With the reason and what to type: as lines for people, as errors for programs."""
    said = shelf("retry", "--state", "cancelled", "--json")
    assert [task["id"] for task in said.document] == [REVOKED]
    assert said.error["message"] == "#2 needs #1, which has not been done"
    assert said.error["hint"] == "`deputize retry 1` first"
    assert said.code == 1
    shelf("cancel", str(REVOKED))
    told = shelf("retry", "--state", "cancelled")
    assert (told.code, told.out) == (1, "#7 queued: Fix the typo\n")
    assert told.err.splitlines()[:2] == [
        "error: #2 needs #1, which has not been done",
        "hint: `deputize retry 1` first",
    ]
    assert told.err.endswith("1 set going again, 1 not\n")
    assert shelf("retry", str(FALLEN), str(GOOSE)).code == 2


def test_one_that_was_archived_meanwhile_keeps_the_others_from_nothing(
    shelf: CommandLine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told of, as what can't be moved is."""
    monkeypatch.setenv("DEPUTIZE_HOME", str(shelf.home))
    monkeypatch.setenv("DEPUTIZE_WORKER__AUTOSTART", "false")

    def choose(desk: Desk, _: Narrowing) -> list[Task]:
        (waits,) = by_ids(desk, [WAITING])
        return [waits._replace(id=99), waits]

    def move(desk: Desk, task: int) -> Task:
        return queue.hold(desk.database, task, ADA, desk.clock.now(), held=True)

    parser = ArgumentParser()
    add_move_arguments(parser, "waiting")
    arguments = parser.parse_args(["--role", "writer"])
    verb = Verb(name="hold", done="held", choose=choose, move=move)
    assert carry_out(arguments, Output(), verb) == 1
    said = capsys.readouterr()
    assert said.out == "#6 queued: Fix the typo (held)\n"
    assert said.err.startswith("error: there is no task #99\n")
    assert said.err.endswith("1 held, 1 not\n")


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (("release", "--label", "nightly"), [HELD]),
        (("release", "--role", "writer"), []),
        (("hold", "--agent", "goose"), [WAITING]),
        (("hold", "--role", "tester"), []),
        (("hold", "--since", "1h", "--state", "queued"), [WAITING]),
        (("cancel", "--role", "tester"), [HELD]),
        (("cancel", "--state", "queued"), [WAITING, HELD]),
        (("cancel", "--state", "queued", "--limit", "1"), [HELD]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_waits_is_moved_by_what_it_has_in_common(
    shelf: CommandLine, words: tuple[str, ...], moved: list[int]
) -> None:
    """Only what the verb changes is chosen; a dry run chooses the same and moves nothing."""
    before = shelf("list", "--all", "--json").document
    assert ids(shelf, *words, "--dry-run") == moved
    assert shelf("list", "--all", "--json").document == before
    assert ids(shelf, *words) == moved
    after = shelf("list", "--all", "--json").document
    assert [new["id"] for new, old in zip(after, before, strict=True) if new != old] == sorted(
        moved, reverse=True
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("cancel",), "which task?"),
        (("cancel", "--limit", "3"), "--limit alone chooses no tasks"),
        (("cancel", "12", "--role", "writer"), "give one or the other"),
        (("cancel", "--latest", "--label", "x"), "give one or the other"),
        (("cancel", "--state", "done"), "a task that is done can't be moved so"),
        (("hold", "--state", "running"), "a task that is running can't be moved so"),
        (("retry", "--state", "queued"), "a task that is queued can't be moved so"),
        (("retry", "--reason", "boredom"), "unknown reason 'boredom'"),
        (("retry", "--plan", "p9"), "there is no plan p9"),
        (("list", "--reason", "boredom"), "unknown reason 'boredom'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_what_chooses_nothing_is_refused(
    shelf: CommandLine, words: tuple[str, ...], message: str
) -> None:
    """Before anything is moved, with a hint."""
    before = states(shelf)
    said = shelf(*words)
    assert (said.code, message in said.err) == (2, True), said.err
    assert "hint: " in said.err
    assert states(shelf) == before


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 4, 11), ("y", 0, 0)])
def test_many_are_asked_about_on_a_terminal(
    deputize: CommandLine, answer: str, code: int, left: int
) -> None:
    """Without one, or with --yes, nobody is asked; few are never asked about."""
    with yard_of(deputize) as yard:
        for _ in range(11):
            yard.add()
            yard.run(Outcome.IDLE_TIMEOUT)
    few = on_a_terminal(deputize, answer, "retry", "--failed", "--limit", "10", "--dry-run")
    assert (few.returncode, b"[y/N]" in few.stderr) == (0, False)
    said = on_a_terminal(deputize, answer, "retry", "--failed")
    assert (said.returncode, b"retry 11 tasks? [y/N]" in said.stderr) == (code, True)
    assert len(deputize("list", "--failed", "--json").document) == left
    assert b"11 set going again" in said.stderr or left


def on_a_terminal(
    deputize: CommandLine, answer: str, *words: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a command with a person at its stdin, who answers."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        deputize.argv(*words),
        cwd=deputize.folder,
        env=deputize.environment(),
        stdin=theirs,
        capture_output=True,
        check=False,
        timeout=50,
    )
    os.close(theirs)
    os.close(ours)
    return done
