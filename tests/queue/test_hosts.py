"""A store that several machines share: a task is done where its repository is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize import queue
from deputize.model.outcome import Outcome
from deputize.queue import Ending
from tests.fixtures.nouns import a_worker

if TYPE_CHECKING:
    from tests.fixtures.yard import Yard


def taken_on(yard: Yard, host: str) -> list[int]:
    """Let `w1`, on a machine, take all that it can."""
    worker, found = a_worker(host=host), []
    while claim := queue.claim(yard.database, worker, yard.now):
        found.append(claim.task.id)
    return found


def test_a_task_of_another_machine_is_left_to_it(yard: Yard, kind: str) -> None:
    """One without a repository is anybody's; on SQLite there is one machine, whatever its name."""
    yard.add(host="here")
    yard.add(host="there")
    yard.add(host=None)
    on_there = taken_on(yard, "there")
    assert on_there == ([2, 3] if kind == "postgres" else [1, 2, 3])
    assert taken_on(yard, "here") == ([1] if kind == "postgres" else [])


def test_the_next_task_is_of_the_same_machine_too(yard: Yard, kind: str) -> None:
    """Also where it is taken as another one ends."""
    for host in ("here", "there", "here"):
        yard.add(host=host)
    worker = a_worker(host="here")
    first = queue.claim(yard.database, worker, yard.now)
    assert first is not None
    left = [(first.attempt, Ending(outcome=Outcome.SUCCEEDED))]
    (following,) = queue.turn_over(yard.database, left, worker, 1, yard.now).claims
    assert following.task.id == (3 if kind == "postgres" else 2)
