"""The bookkeeping of a pool, as one thing after another and as anything in any order."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from deputize.agents.pool.book import Book, Bounds
from deputize.errors import InvalidInput

BOUNDS = Bounds(clients=2, idle_seconds=60, most_megabytes=500, most_sessions=3)


def taken(book: Book, key: str) -> int:
    """Take a place that is there."""
    seat = book.take(key).seat
    assert seat is not None
    return seat


def test_who_asks_for_the_same_shares_and_who_asks_for_other_does_not() -> None:
    """One seat for each key, however many use it."""
    book = Book(BOUNDS)
    assert taken(book, "a") == taken(book, "a") != taken(book, "b")


def test_where_all_are_used_there_is_no_place() -> None:
    """Nobody is sent away for somebody else; once one is free, it makes room."""
    book = Book(BOUNDS)
    first = taken(book, "a")
    taken(book, "b")
    assert book.take("c") == (None, None)
    assert not book.leave(first, 0, now=1)
    assert book.take("c") == (None, first)
    assert book.take("c") == (None, None)
    book.closed(first)
    assert taken(book, "c") != first


def test_room_is_made_by_the_one_that_was_free_for_longest() -> None:
    """Not by the one that was started first."""
    book = Book(BOUNDS)
    first, second = taken(book, "a"), taken(book, "b")
    book.leave(second, 0, now=1)
    book.leave(first, 0, now=2)
    assert book.take("c").evicted == second


def test_a_tainted_one_serves_those_who_have_it_and_nobody_else() -> None:
    """Who comes later gets another; the last one to leave has it ended."""
    book = Book(BOUNDS)
    seat = taken(book, "a")
    taken(book, "a")
    book.retire(seat)
    other = taken(book, "a")
    assert other != seat
    assert not book.leave(seat, 0, now=1)
    assert book.leave(seat, 0, now=2)
    assert not book.leave(other, 0, now=3)


def test_a_heavy_one_is_ended_once_nobody_uses_it() -> None:
    """A little is borne; more than the bound is not."""
    book = Book(BOUNDS)
    seat = taken(book, "a")
    assert not book.leave(seat, 500, now=1)
    assert taken(book, "a") == seat
    assert book.leave(seat, 501, now=2)


def test_one_serves_so_many_sessions_and_no_more() -> None:
    """The next one gets another, also while the sessions still run."""
    book = Book(BOUNDS)
    served = [taken(book, "a") for _ in range(3)]
    assert len(set(served)) == 1
    assert taken(book, "a") not in served
    ended = [book.leave(served[0], 0, now=at) for at in range(3)]
    assert ended == [False, False, True]


def test_one_that_nobody_uses_is_kept_for_a_while() -> None:
    """Not a moment longer than its time; one that is used again begins anew."""
    book = Book(BOUNDS)
    seat = taken(book, "a")
    assert (book.overdue(1e9), book.next_due()) == ([], None)
    book.leave(seat, 0, now=100)
    assert book.next_due() == 160
    assert book.overdue(159.9) == []
    taken(book, "a")
    book.leave(seat, 0, now=150)
    assert book.overdue(160) == []
    assert book.overdue(210) == [seat]
    assert book.overdue(210) == []


def test_a_drained_pool_takes_nobody() -> None:
    """What is free is ended at once, what is used as it comes back."""
    book = Book(BOUNDS)
    used, free = taken(book, "a"), taken(book, "b")
    book.leave(free, 0, now=1)
    assert book.drain() == [free]
    with pytest.raises(InvalidInput, match="takes no more"):
        book.take("a")
    assert book.leave(used, 0, now=2)


class AnyOrder(RuleBasedStateMachine):
    """Whoever comes and goes in any order, with a pool that ends what it is told to end."""

    users = Bundle("users")

    def __init__(self) -> None:
        """Begin with nobody."""
        super().__init__()
        self.book = Book(BOUNDS)
        self.using: dict[int, list[str]] = {}
        self.spent: set[int] = set()
        """Those that nobody may join any more."""
        self.now = 0.0

    @rule(target=users, key=st.sampled_from("abc"))
    def comes(self, key: str) -> tuple[int | None, str]:
        """Somebody asks; where one has to make room it is ended, and asked again."""
        if self.book.draining:
            return None, key
        taken = self.book.take(key)
        if taken.evicted is not None:
            self._ended(taken.evicted)
            taken = self.book.take(key)
            assert taken.seat is not None
        if taken.seat is None:
            assert len(self.book.seats) == BOUNDS.clients
            assert all(self.using.values())
            return None, key
        assert taken.seat not in self.spent
        self.using.setdefault(taken.seat, []).append(key)
        return taken.seat, key

    @rule(user=consumes(users), megabytes=st.sampled_from((10.0, 1000.0)), tainted=st.booleans())
    def goes(self, user: tuple[int | None, str], megabytes: float, tainted: bool) -> None:  # noqa: FBT001 - drawn
        """Somebody leaves, content or not."""
        seat, key = user
        if seat is None:
            return
        assert self.book.is_last(seat) == (len(self.using[seat]) == 1)
        if tainted:
            self.book.retire(seat)
        if tainted or megabytes > BOUNDS.most_megabytes or self.book.draining:
            self.spent.add(seat)
        self.using[seat].remove(key)
        if self.book.leave(seat, megabytes, self.now):
            self._ended(seat)

    @rule(seconds=st.sampled_from((1.0, 59.0, 61.0)))
    def time_passes(self, seconds: float) -> None:
        """Those that nobody has used for long are ended."""
        self.now += seconds
        for seat in self.book.overdue(self.now):
            self._ended(seat)
        due = self.book.next_due()
        assert due is None or due > self.now

    @rule()
    def is_drained(self) -> None:
        """End what is free, now and from now on."""
        for seat in self.book.drain():
            self._ended(seat)
        self.spent.update(self.using)

    def _ended(self, seat: int) -> None:
        assert not self.using.pop(seat)
        self.book.closed(seat)

    @invariant()
    def holds(self) -> None:
        """Never more than may be; never two keys in one; none lost and none forgotten."""
        assert len(self.book.seats) <= BOUNDS.clients
        assert set(self.book.seats) == set(self.using)
        assert all(len(set(keys)) <= 1 for keys in self.using.values())
        assert all(seat.served <= BOUNDS.most_sessions for seat in self.book.seats.values())
        free_and_spent = [n for n in self.spent & set(self.using) if not self.using[n]]
        assert free_and_spent == []


TestAnyOrder = AnyOrder.TestCase
