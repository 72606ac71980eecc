"""`logs --worker`: what is printed of a worker's own log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.desk.context import open_desk
from deputize.store import workers
from tests.fixtures.nouns import NOON, a_worker

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

KEY = "sk-" + "a1B2" * 12
LINE = {
    "at": "2026-03-01T12:00:00Z",
    "level": "warning",
    "log": "worker",
    "event": "claim \x1b]0;owned\x07 failed",
    "error": f"\x1b[2J\u202e{KEY}",
    "worker": "w1",
}


@pytest.fixture
def noted(deputize: CommandLine) -> CommandLine:
    """Let a worker have noted something hostile, and another nothing."""
    with open_desk(Home(deputize.home)) as desk, desk.database.write() as transaction:
        for name in ("w1", "w2"):
            workers.register(transaction, a_worker(id=name), NOON)
    logs = deputize.home / "logs"
    logs.mkdir()
    (logs / "worker.log").write_text(json.dumps(LINE) + "\n")
    return deputize


def test_nothing_of_it_reaches_a_terminal_raw(noted: CommandLine) -> None:
    """A line each for people, without the worker that was named; all of it for programs."""
    for words in ((), ("-f",)):
        said = noted("logs", "--worker", "w1", *words)
        assert said.out.startswith("2026-03-01T12:00:00Z warning worker claim ")
        assert len(said.out.splitlines()) == 1
        assert [each for each in ("\x1b", "\x07", "\u202e", KEY, "w1") if each in said.out] == []
    document = noted("logs", "--worker", "w1", "--json").document
    (line,) = document.pop("lines")
    assert document == {"worker": "w1"}
    assert line == LINE | {"error": line["error"]}
    assert KEY not in line["error"]


def test_a_worker_without_lines_and_one_that_is_none(noted: CommandLine) -> None:
    """The first is said to have left nothing here; what names a task besides is refused."""
    said = noted("logs", "--worker", "w2")
    assert (said.code, said.out) == (0, "")
    assert "nothing of it is in" in said.err
    unknown = noted("logs", "--worker", "w7")
    assert (unknown.code, "hint: `deputize workers`" in unknown.err) == (2, True)
    for words in (("12",), ("--latest",), ("--attempt", "1")):
        assert noted("logs", "--worker", "w1", *words).code == 2
