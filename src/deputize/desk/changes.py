"""Looking at changes: what attempts propose to land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.states import ChangeState
from deputize.store import changes

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.change import Change


def listing(desk: Desk, *, state: str | None = None, limit: int = 50) -> list[Change]:
    """Return changes, newest first; InvalidInput for a state that there isn't."""
    if state is not None and state not in set(ChangeState):
        raise InvalidInput(f"unknown state {state!r}", hint=f"known: {', '.join(ChangeState)}")
    with desk.database.read() as transaction:
        return changes.listing(transaction, state, limit)


def get(desk: Desk, change_id: int) -> Change:
    """Return a change; NotFound if there is none."""
    with desk.database.read() as transaction:
        return changes.get(transaction, change_id)
