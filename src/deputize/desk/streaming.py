"""What happens to a task, as it happens: the entries of its journal and the lines of its logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.logs import Follower, LogLine
from deputize.model.event import Entry
from deputize.store import journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk

Happening = LogLine | Entry


class Stream:
    """What has been told of one task."""

    def __init__(self, desk: Desk, task_id: int) -> None:
        """Begin at the task's beginning."""
        self._desk = desk
        self._task_id = task_id
        self._logs = Follower(desk, task_id)
        self._settled = 0
        self._told: set[int] = set()

    def news(self) -> Iterator[Happening]:
        """Yield what came since the last time; NotFound where there is no such task.

        Entries are read first and told last: what the log holds of a step comes before its entry.
        """
        entries = self._entries()
        yield from self._logs.news()
        yield from entries
        if self.is_over:
            yield from self._entries()

    @property
    def is_over(self) -> bool:
        """Tell whether the task has ended; asked after `news`."""
        return self._logs.is_over

    def _entries(self) -> list[Entry]:
        """Return the entries that were not told, those too that were written down of late.

        Tool calls are in the log already: an entry of theirs is told where it is more than routine.

        Where several write at once, an entry may come after one with a higher number.
        """
        with self._desk.database.read() as transaction:
            settled = journal.settled_until(transaction)
        found: list[Entry] = []
        after = self._settled
        with self._desk.database.read() as transaction:
            while page := journal.of_task(transaction, self._task_id, after, routine=False):
                found += page
                after = page[-1].id
        fresh = [entry for entry in found if entry.id not in self._told]
        self._settled = settled
        self._told = {entry.id for entry in found if entry.id > settled}
        return fresh
