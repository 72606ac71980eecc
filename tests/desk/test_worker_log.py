"""What one worker noted, out of a log that several write to and that is renamed meanwhile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from deputize.desk.worker_log import find, follow, read
from deputize.errors import NotFound
from deputize.log import RotatingFile
from deputize.store import workers
from tests.fixtures.nouns import NOON, a_worker

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.desk.context import Desk


def note(file: RotatingFile, worker: str, event: str) -> None:
    """Write a line as a worker does."""
    file.write(json.dumps({"event": event, "worker": worker}).encode() + b"\n")


@pytest.fixture
def file(desk: Desk) -> RotatingFile:
    """Return the log, of which three files of three lines are kept; a worker w1 is gone."""
    with desk.database.write() as transaction:
        workers.register(transaction, a_worker(id="w1"), NOON)
    path: Path = desk.home.logs / "worker.log"
    return RotatingFile(path, limit_bytes=3 * len('{"event": "00", "worker": "w1"}\n'), count=3)


def told(desk: Desk) -> list[str]:
    """Return what w1 noted."""
    return [line["event"] for line in read(desk, "w1")]


def test_a_worker_s_lines_are_told_from_others_over_all_files(
    desk: Desk, file: RotatingFile
) -> None:
    """Oldest first; what names it without being its own, or is cut in half, is left out."""
    assert told(desk) == []
    for number in range(6):
        note(file, f"w{1 + number % 2}", f"{number:02}")
    file.write(b'{"event": "w1"}\n')
    file.write(b'"w1"\n{"worker": "w1", "ev')
    assert told(desk) == ["00", "02", "04"]
    assert len(list(desk.home.logs.iterdir())) == 3


def test_following_goes_on_over_a_renaming_and_ends_with_the_worker(
    desk: Desk, file: RotatingFile
) -> None:
    """No line is told twice or left out, however often the file is renamed."""
    with desk.database.write() as transaction:
        workers.register(transaction, a_worker(id="w9", identity=_myself()), NOON)
    found: list[str] = []
    number = 0
    for line in follow(desk, "w9"):
        if line is not None:
            found.append(line["event"])
        elif number < 9:
            for _ in range(2):
                note(file, "w9", f"{number:02}")
                number += 1
        else:
            with desk.database.write() as transaction:
                workers.stop(transaction, "w9", NOON)
            note(file, "w9", "xx") if "xx" not in found else None
    assert found == [f"{each:02}" for each in range(number)] + ["xx"]


def test_a_worker_that_was_killed_is_followed_to_its_last_line(
    desk: Desk, file: RotatingFile
) -> None:
    """Nobody waits for it; one that there never was is not found."""
    note(file, "w1", "01")
    assert [line and line["event"] for line in follow(desk, "w1")] == ["01"]
    with pytest.raises(NotFound, match="no worker 'w7'"):
        find(desk, "w7")


def _myself() -> str:
    import os

    from deputize.workspace.processes.identity import identify

    return str(identify(os.getpid()))
