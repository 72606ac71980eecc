"""Rescuing attempts that shared a program with others."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.config.home import Home
from deputize.model.attempt import LEASE_SECONDS
from deputize.store import attempts
from deputize.worker import upkeep
from deputize.workshop import Bells, Workshop
from deputize.workspace.processes.environment import markers, pool_marker
from deputize.workspace.processes.identity import ProcessIdentity, identify, is_running
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import a_worker
from tests.fixtures.yard import Yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.model.attempt import Attempt
    from deputize.queue import Claim

pytestmark = pytest.mark.anyio


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Open a yard with two tasks."""
    with closing(open_database("sqlite", tmp_path)) as database:
        yard = Yard(database=database)
        yard.add()
        yard.add()
        yield yard


@pytest.fixture
def program() -> Iterator[ProcessIdentity]:
    """Give a program that runs until it is ended."""
    with subprocess.Popen(("sleep", "300"), start_new_session=True) as process:
        found = identify(process.pid)
        assert found
        yield found
        process.kill()


def uses(yard: Yard, claim: Claim, program: ProcessIdentity) -> Attempt:
    """Note that an attempt uses a program."""
    with yard.database.write() as transaction:
        found = attempts.fenced(transaction, claim.attempt)._replace(processes=(str(program),))
        attempts.save(transaction, found)
    return found


async def test_a_program_is_ended_with_the_last_attempt_that_it_serves(
    yard: Yard, program: ProcessIdentity, tmp_path: Path
) -> None:
    """It is spared while its worker goes on with another; once that is orphaned too it ends."""
    shop = Workshop(
        home=Home(tmp_path), database=yard.database, clock=yard.clock, worker=a_worker(),
        bells=Bells(), turn=anyio.CapacityLimiter(1),
    )  # fmt: skip
    first, second = (uses(yard, yard.claimed(), program) for _ in range(2))
    await upkeep.rescue(shop, first)
    assert is_running(program)
    assert yard.task(first.task).state == "queued"
    yard.pass_time(LEASE_SECONDS + 1)
    await upkeep.rescue(shop, second)
    assert not is_running(program)


async def test_what_a_rescued_attempt_left_in_a_shared_program_is_ended(
    yard: Yard, program: ProcessIdentity, tmp_path: Path
) -> None:
    """The program goes on for the other attempt, and so does what that one has started."""
    shop = Workshop(
        home=Home(tmp_path), database=yard.database, clock=yard.clock, worker=a_worker(),
        bells=Bells(), turn=anyio.CapacityLimiter(1),
    )  # fmt: skip
    first, second = (uses(yard, yard.claimed(), program) for _ in range(2))
    left, other = (works_in(tmp_path / name, first.worker) for name in ("first", "second"))
    with yard.database.write() as transaction:
        placed = first._replace(workspace=str(tmp_path / "first"))
        attempts.save(transaction, placed)
    try:
        await upkeep.rescue(shop, placed)
        assert left.wait(20) != 0
        assert other.poll() is None
        assert is_running(program)
        assert yard.task(second.task).state == "running"
    finally:
        for each in (left, other):
            each.kill()
            each.wait()


def works_in(folder: Path, worker: str) -> subprocess.Popen[bytes]:
    """Start what a shared program of a worker would, in the workspace of an attempt."""
    folder.mkdir()
    marks = markers(0, pool_marker(worker))
    return subprocess.Popen(("sleep", "300"), cwd=folder, env={**os.environ, **marks})
