"""A look at leases: those of attempts that nobody renews, and those that nobody gave back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.desk.bells import running_workers
from deputize.desk.doctor.finding import FIX, About, Finding, ok, warn
from deputize.desk.doctor.workers import see_to_it
from deputize.model.attempt import LEASE_SECONDS
from deputize.store import attempts, workers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.model.attempt import Attempt
    from deputize.store.workers import Lapsed

GRACE = timedelta(seconds=LEASE_SECONDS)
"""How long a lease may have run out before it counts: upkeep has had its rounds by then."""


def leases(desk: Desk) -> Iterator[Finding]:
    """Look at every lease that should have been renewed, taken over or given back by now."""
    before = desk.clock.now() - GRACE
    with desk.database.read() as transaction:
        open_attempts = attempts.unfinished(transaction)
        running = {worker.id for worker in running_workers(transaction, desk.clock.now())}
        named = workers.lapsed(transaction, before)
    stale = [one for one in open_attempts if one.lease_expires_at <= before]
    for attempt in stale:
        yield _unrenewed(desk, attempt, is_attended=bool(running))
    for lease in named:
        yield _left(desk, lease, before)
    if not stale and not named:
        yield ok(About.LEASES, f"{len(open_attempts)} of attempts, none of them stale")


def _unrenewed(desk: Desk, attempt: Attempt, *, is_attended: bool) -> Finding:
    ago = int((desk.clock.now() - attempt.lease_expires_at).total_seconds())
    text = f"that of #{attempt.task}, attempt {attempt.number}, ran out {ago} s ago"
    if is_attended:  # it could not end the agent's processes, or save its work
        log = desk.home.logs / "worker.log"
        return warn(About.LEASES, text, f"{log} says why no worker takes it over")
    hint = f"a worker takes it over: `deputize up`, or {FIX}"
    return warn(About.LEASES, text, hint, lambda: see_to_it(desk))


def _left(desk: Desk, lease: Lapsed, before: datetime) -> Finding:
    def mend() -> str:
        with desk.database.write() as transaction:
            workers.forget_lapsed(transaction, lease.name, before)
        return "taken away"

    text = f"{lease.name} was not given back by {lease.holder}"
    return warn(About.LEASES, text, f"whoever needs it takes it; {FIX} takes it away", mend)
