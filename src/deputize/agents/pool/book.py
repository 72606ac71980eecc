"""The bookkeeping of a pool: who uses which client, who may join, and which have to go. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a pool may come to; settings have the usual ones."""

    clients: int
    """How many there are at most, those that are being ended included."""
    idle_seconds: float
    """How long one that nobody uses is kept."""
    most_megabytes: float
    """What one may hold when somebody leaves it; beyond that nobody joins it any more."""
    most_sessions: int
    """How many sessions one serves in all."""


class Taken(NamedTuple):
    """What came of asking for a place."""

    seat: int | None = None
    """The client to use; None where there is none for the asker right now."""
    evicted: int | None = None
    """One that has to be ended first, so that there is room: then it is asked again."""


@dataclass(slots=True, kw_only=True)
class Seat:
    """One client as the book knows it."""

    key: str
    users: int = 0
    served: int = 0
    free_since: float = 0.0
    """From when on nobody has used it; means nothing while somebody does."""
    retired: bool = False
    """Nobody may join it."""
    closing: bool = False
    """It is being ended."""

    @property
    def is_free(self) -> bool:
        """Tell whether nobody uses it, so that it may be ended."""
        return self.users == 0 and not self.closing


@dataclass(slots=True)
class Book:
    """What a pool has. Times are seconds of one clock that only goes forward."""

    bounds: Bounds
    seats: dict[int, Seat] = field(default_factory=dict)
    draining: bool = False
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def take(self, key: str) -> Taken:
        """Find a place for somebody whose client is to have been started with all that `key` names.

        Raises InvalidInput once the pool is to be no more.
        """
        if self.draining:
            raise InvalidInput("the pool of agents takes no more")
        for number, seat in self.seats.items():
            if seat.key == key and not seat.retired and seat.served < self.bounds.most_sessions:
                return self._sit(number, seat)
        if len(self.seats) < self.bounds.clients:
            number = next(self._numbers)
            self.seats[number] = seat = Seat(key=key)
            return self._sit(number, seat)
        return Taken(evicted=self._evict())

    def _sit(self, number: int, seat: Seat) -> Taken:
        seat.users += 1
        seat.served += 1
        return Taken(seat=number)

    def _evict(self) -> int | None:
        free = [number for number, seat in self.seats.items() if seat.is_free]
        if not free:
            return None
        eldest = min(free, key=lambda number: self.seats[number].free_since)
        return self._close(eldest)

    def is_last(self, number: int) -> bool:
        """Tell whether only one uses it."""
        return self.seats[number].users == 1

    def retire(self, number: int) -> None:
        """Let nobody join it any more: it is tainted, or gone."""
        self.seats[number].retired = True

    def leave(self, number: int, megabytes: float, now: float) -> bool:
        """Note that somebody has let go of it; tell whether it is to be ended now."""
        seat = self.seats[number]
        seat.users -= 1
        seat.free_since = now
        worn = seat.served >= self.bounds.most_sessions or megabytes > self.bounds.most_megabytes
        seat.retired = seat.retired or worn or self.draining
        if seat.retired and seat.is_free:
            self._close(number)
            return True
        return False

    def overdue(self, now: float) -> list[int]:
        """Return those that nobody has used for too long; they are to be ended now."""
        due = now - self.bounds.idle_seconds
        found = [n for n, seat in self.seats.items() if seat.is_free and seat.free_since <= due]
        return [self._close(number) for number in found]

    def next_due(self) -> float | None:
        """Return when the next one will have been unused for too long; None where all are used."""
        free = [seat.free_since for seat in self.seats.values() if seat.is_free]
        return min(free) + self.bounds.idle_seconds if free else None

    def drain(self) -> list[int]:
        """Take nobody any more; return those that are to be ended now."""
        self.draining = True
        return [self._close(number) for number, seat in self.seats.items() if seat.is_free]

    def _close(self, number: int) -> int:
        self.seats[number].closing = self.seats[number].retired = True
        return number

    def closed(self, number: int) -> None:
        """Note that it is gone: there is room for another."""
        del self.seats[number]
