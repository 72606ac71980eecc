"""Looking at sessions: agents' conversations that can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.narrowing import ALL
from deputize.model.states import TaskState
from deputize.store import attempts

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.attempt import Attempt


def listing(desk: Desk, wanted: Narrowing = ALL) -> list[Attempt]:
    """Return the attempt that used each session last, newest first."""
    wanted = wanted.within(list(TaskState))
    with desk.database.read() as transaction:
        return attempts.of_sessions(transaction, limit=wanted.limit, **wanted.asked)
