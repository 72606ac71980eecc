"""Looking at changes: what attempts propose to land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.narrowing import ALL, Narrowing
from deputize.errors import NotFound
from deputize.model.states import ChangeState
from deputize.store import changes

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.change import Change


def listing(desk: Desk, wanted: Narrowing = ALL) -> list[Change]:
    """Return changes, newest first; InvalidInput for a state that there isn't."""
    wanted = wanted.within(list(ChangeState))
    with desk.database.read() as transaction:
        return changes.listing(transaction, limit=wanted.limit, **wanted.asked)


def get(desk: Desk, change_id: int) -> Change:
    """Return a change; NotFound if there is none."""
    with desk.database.read() as transaction:
        return changes.get(transaction, change_id)


def latest(desk: Desk) -> Change:
    """Return the newest change; NotFound if there is none."""
    found = listing(desk, Narrowing(limit=1))
    if not found:
        raise NotFound("there is no change yet", hint="`deputize status` says where tasks stand")
    return found[0]
