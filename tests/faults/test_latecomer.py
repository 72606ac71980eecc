"""Who stood still beyond its lease: another has the task, and nothing of it is written."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import anyio

from deputize.config.home import Home
from deputize.model.attempt import LEASE_SECONDS
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import attempts
from deputize.worker import upkeep
from deputize.workshop import Bells, Workshop
from tests.fixtures.crew import ROOT, halt
from tests.fixtures.databases import Intruder, open_database
from tests.fixtures.nouns import a_worker
from tests.fixtures.yard import Yard

if TYPE_CHECKING:
    from pathlib import Path

LATE = ("save: LeaseLost", "note: LeaseLost", "finish: LeaseLost", "propose: LeaseLost",
        "turn over: [1]", "beat: [1]")  # fmt: skip
"""What each write comes to; the last two name the attempts that are lost."""


async def rescue_late(yard: Yard, home: Path) -> list[int]:
    """Rescue what upkeep takes for orphaned; return the tasks."""
    shop = Workshop(
        home=Home(home),
        database=yard.database,
        clock=yard.clock,
        worker=a_worker(),
        bells=Bells(),
        turn=anyio.CapacityLimiter(1),
    )
    orphans = upkeep._orphaned(shop, lambda _: False)
    for orphan in orphans:
        await upkeep.rescue(shop, orphan)
    return [orphan.task for orphan in orphans]


def everything(kind: str, folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables but when workers were seen."""
    with closing(Intruder(kind, folder)) as looking:
        tables = looking.all_tables() - {"workers"}
        return {str(table): sorted(looking.rows(str(table)), key=repr) for table in tables}


def test_who_wakes_too_late_writes_nothing(kind: str, tmp_path: Path) -> None:
    """SIGSTOP until the lease is over and the task done elsewhere, SIGCONT: all is refused."""
    folder = tmp_path / "home"
    with closing(open_database(kind, folder)) as database:
        yard = Yard(database=database)
        task = yard.add()
        with subprocess.Popen(
            (sys.executable, "-m", "tests.fixtures.latecomer", kind, str(folder)),
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as late:  # fmt: skip
            assert late.stdout is not None
            assert late.stdin is not None
            assert late.stdout.readline() == "claimed\n"
            halt(late.pid)
            late.stdin.write("go on\n")
            late.stdin.flush()
            assert anyio.run(rescue_late, yard, folder) == []
            yard.pass_time(LEASE_SECONDS)
            assert anyio.run(rescue_late, yard, folder) == [task]
            assert yard.run().state is TaskState.DONE
            before = everything(kind, folder)
            late.send_signal(signal.SIGCONT)
            assert tuple(late.stdout.read().splitlines()) == LATE
        assert everything(kind, folder) == before
        assert yard.told(task).count("task.done") == 1
        with database.read() as transaction:
            ends = [attempt.outcome for attempt in attempts.of_task(transaction, task)]
        assert ends == [Outcome.WORKER_LOST, Outcome.SUCCEEDED]
