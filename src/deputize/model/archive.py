"""An archive: a file that holds what was taken out of the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

Ranges = tuple[tuple[int, int], ...]
"""Numbers in order, as the first and the last of each run without a gap."""


class Anchor(NamedTuple):
    """A place in the journal's chain that everything up to was archived from."""

    seq: int
    event: int
    hash: str


class Stretch(NamedTuple):
    """The entries of the journal that one archive holds, in the order of the chain."""

    first_seq: int
    before_hash: str
    """The hash that the first of them is chained to."""
    last: Anchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file that was archived to, as the store has it on record."""

    file: str
    host: str
    sha256: str
    size_bytes: int
    made_at: datetime
    event: int
    """The event that tells of it."""
    stretch: Stretch | None
    tasks: Ranges
    logs: Ranges
    """The attempts whose logs it holds."""
    counts: Mapping[str, int]
    """How many lines of each kind it has."""


def ranges_of(numbers: Iterable[int]) -> Ranges:
    """Return numbers in order, as runs."""
    runs: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if runs and number <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return tuple(runs)


def holds(ranges: Ranges, number: int) -> bool:
    """Tell whether a number is in one of the runs."""
    return any(first <= number <= last for first, last in ranges)


def going_together(
    free: Mapping[int, int | None],
    plan_sizes: Mapping[int, int],
    dependents: Mapping[int, Iterable[int]],
) -> frozenset[int]:
    """Return which of the tasks that are free to go may go, seeing who else needs them.

    A plan goes as a whole, and a task not before everything that needs it. `free` has the plan of
    each, `plan_sizes` how many tasks each plan has.
    """
    going = dict(free)
    while True:
        left = dict(plan_sizes)
        for plan in going.values():
            if plan is not None:
                left[plan] -= 1
        staying = [
            task
            for task, plan in going.items()
            if (plan is not None and left[plan])
            or any(other not in going for other in dependents.get(task, ()))
        ]
        if not staying:
            return frozenset(going)
        for task in staying:
            del going[task]
