"""Where attempts leave: those that end at the same time are written in one commit.

The tasks that their slots go to are taken in it too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import anyio

from deputize import queue
from deputize.errors import DeputizeError
from deputize.store.attempts import lost

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.model.attempt import Attempt
    from deputize.model.rules import Rules
    from deputize.model.task import Task
    from deputize.queue import Claim, Ending
    from deputize.store.settle import Tips
    from deputize.workshop import Workshop


class Room(NamedTuple):
    """What a worker may take next."""

    task_count: int
    rules: Rules


@dataclass(slots=True, eq=False)
class _Leaving:
    """An attempt on its way out, and what became of it."""

    attempt: Attempt
    ending: Ending
    tips: Tips
    task: Task | None = None
    error: DeputizeError | None = None


@dataclass(slots=True, kw_only=True)
class Turnstile:
    """Ends the attempts of one worker, and begins those that follow."""

    shop: Workshop
    room: Callable[[int], Room]
    """Says what may be taken once that many attempts have left."""
    begin: Callable[[Claim], None]
    """Goes on with a task that was taken."""
    _waiting: list[_Leaving] = field(default_factory=list)
    _turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def leave(self, attempt: Attempt, ending: Ending, tips: Tips) -> Task:
        """End an attempt, together with those that come while another commit is under way.

        Raises what the store raises; LeaseLost where the right to the attempt is gone.
        """
        leaving = _Leaving(attempt, ending, tips)
        self._waiting.append(leaving)
        try:
            async with self._turn:
                if leaving in self._waiting:
                    await self._let_out()
        finally:
            if leaving in self._waiting:
                self._waiting.remove(leaving)
        if leaving.task is None:
            raise leaving.error or lost(attempt)
        return leaving.task

    async def _let_out(self) -> None:
        """Write all that wait; where that can't be, each by itself, so that none spoils another."""
        batch, self._waiting = self._waiting, []
        try:
            await self._write(batch)
        except DeputizeError as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for leaving in batch:
                await self._write_alone(leaving)

    async def _write_alone(self, leaving: _Leaving) -> None:
        try:
            await self._write([leaving])
        except DeputizeError as error:
            leaving.error = error

    async def _write(self, batch: list[_Leaving]) -> None:
        room = self.room(len(batch))
        endings = [(leaving.attempt, leaving.ending) for leaving in batch]
        tips = {place: tip for leaving in batch for place, tip in leaving.tips.items()}
        now, shop = self.shop.now(), self.shop
        asked = (shop.database, endings, shop.worker, room.task_count, now, room.rules, tips)
        turnover = await shop.in_store(queue.turn_over, *asked)
        ended = {task.id: task for task in turnover.ended}
        gone = {attempt.id for attempt in turnover.lost}
        for leaving in batch:
            if leaving.attempt.id not in gone:
                leaving.task = ended[leaving.attempt.task]
        for claim in turnover.claims:
            self.begin(claim)
