"""Attempts that end at the same time leave in one commit, and none spoils another."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize import queue
from deputize.config.home import Home
from deputize.errors import DeputizeError
from deputize.model.outcome import Outcome
from deputize.model.rules import NO_RULES
from deputize.queue import Claim, Ending
from deputize.store import attempts
from deputize.worker.turnstile import Room, Turnstile
from deputize.workshop import Bells, Workshop
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.yard import Yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio
SUCCESS = Ending(outcome=Outcome.SUCCEEDED)


class TickingClock:
    """A clock of which no two looks see the same moment."""

    def __init__(self) -> None:
        """Start at noon."""
        self.at = NOON

    def now(self) -> datetime:
        """Return a later moment than before."""
        self.at += timedelta(milliseconds=1)
        return self.at


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Open a yard with eight tasks."""
    with closing(open_database("sqlite", tmp_path)) as database:
        yard = Yard(database=database)
        for _ in range(8):
            yard.add()
        yield yard


@pytest.fixture
def begun() -> list[Claim]:
    """List what was begun."""
    return []


@pytest.fixture
def turnstile(yard: Yard, begun: list[Claim], tmp_path: Path) -> Turnstile:
    """Make the turnstile of `w1`, which lets as many in as leave."""
    shop = Workshop(
        home=Home(tmp_path), database=yard.database, clock=TickingClock(), worker=a_worker(),
        bells=Bells(), turn=anyio.CapacityLimiter(1),
    )  # fmt: skip
    return Turnstile(shop=shop, room=lambda leaving: Room(leaving, NO_RULES), begin=begun.append)


async def leave(turnstile: Turnstile, claims: list[Claim], *odd: Ending) -> list[str]:
    """Let attempts leave at once, the last ones with odd endings; return what became of each."""
    became: dict[int, str] = {}

    async def one(claim: Claim, ending: Ending) -> None:
        try:
            task = await turnstile.leave(claim.attempt, ending, {})
            became[claim.task.id] = task.state
        except DeputizeError as error:
            became[claim.task.id] = type(error).__name__

    async with anyio.create_task_group() as group:
        endings = [*[SUCCESS] * (len(claims) - len(odd)), *odd]
        for claim, ending in zip(claims, endings, strict=True):
            group.start_soon(one, claim, ending)
    return [became[claim.task.id] for claim in claims]


async def test_those_that_end_at_once_leave_in_one_commit(
    yard: Yard, turnstile: Turnstile, begun: list[Claim]
) -> None:
    """Others begin in it too, as many as have left and are there."""
    held = [yard.claimed() for _ in range(5)]
    assert await leave(turnstile, held) == ["done"] * 5
    with yard.database.read() as transaction:
        moments = {attempts.get(transaction, claim.attempt.id).finished_at for claim in held}
    assert len(moments) == 1
    assert [claim.task.id for claim in begun] == [6, 7, 8]


async def test_one_whose_right_is_gone_hears_of_it_alone(yard: Yard, turnstile: Turnstile) -> None:
    """The others are done."""
    held = [yard.claimed() for _ in range(4)]
    yard.finish(held[2], Outcome.WORKER_LOST)
    assert await leave(turnstile, held) == ["done", "done", "LeaseLost", "done"]


async def test_one_that_cannot_be_written_spoils_no_other(yard: Yard, turnstile: Turnstile) -> None:
    """Each is then written by itself."""
    held = [yard.claimed() for _ in range(4)]
    odd = Ending(outcome=Outcome.SUCCEEDED, exit_code=1 << 70)
    assert await leave(turnstile, held, odd) == ["done", "done", "done", "InvalidInput"]


async def test_who_is_cancelled_in_line_is_not_waited_for(yard: Yard, turnstile: Turnstile) -> None:
    """What has not been written by then is not written afterwards."""
    first, second = yard.claimed(), yard.claimed()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await turnstile.leave(second.attempt, SUCCESS, {})
    assert await leave(turnstile, [first]) == ["done"]
    assert yard.task(second.task.id).state == "running"
    queue.finish(yard.database, second.attempt, SUCCESS, yard.now)
