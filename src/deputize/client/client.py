"""The verbs for programs with an event loop."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ParamSpec, Self, TypeVar

import anyio
from anyio import to_thread

from deputize.client.blocking import SyncClient
from deputize.client.watch import Watch
from deputize.desk.choosing import by_ids
from deputize.desk.logs import LOOK_SECONDS
from deputize.desk.streaming import Stream
from deputize.desk.tasks import are_final

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from typing import Unpack

    from deputize.client.asking import TaskFields, Wanted
    from deputize.desk.streaming import Happening
    from deputize.desk.tasks import TaskView
    from deputize.model.approval import Approval
    from deputize.model.plan import SubmittedPlan
    from deputize.model.task import Task, TaskSpec

P = ParamSpec("P")
T = TypeVar("T")


class Client:
    """Everything that a program may ask of deputize. Use it in an `async with` block.

    What goes wrong is an error of `deputize.errors`. Tasks of one event loop may share a client.
    """

    def __init__(
        self, home: str | os.PathLike[str] | None = None, *, start_worker: bool = True
    ) -> None:
        """Work with the home at `home`, else with the one that the command line finds.

        Where `start_worker`, and the settings, allow it, a worker is started that can do the work.
        """
        self._verbs = SyncClient(home, start_worker=start_worker)
        self._turn = anyio.CapacityLimiter(1)
        self._watch = Watch(partial(self._aside, self._changes))

    @staticmethod
    def sync(
        home: str | os.PathLike[str] | None = None, *, start_worker: bool = True
    ) -> SyncClient:
        """Return a client with the same verbs that needs no event loop."""
        return SyncClient(home, start_worker=start_worker)

    async def __aenter__(self) -> Self:
        """Open the store; StoreError or ConfigError where that can't be."""
        await self._aside(self._verbs.__enter__)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the store; what was submitted goes on."""
        with anyio.CancelScope(shield=True):
            await self._aside(self._verbs.__exit__)

    async def submit(self, prompt: str | TaskSpec, **fields: Unpack[TaskFields]) -> Task:
        """Store a task durably; see `SyncClient.submit`."""
        return await self._moved(self._verbs.submit, prompt, **fields)

    async def submit_plan(
        self, plan: Mapping[str, object], *, dry_run: bool = False
    ) -> SubmittedPlan:
        """Store all tasks of a plan, or none; see `SyncClient.submit_plan`."""
        return await self._moved(self._verbs.submit_plan, plan, dry_run=dry_run)

    async def get(self, task_id: int) -> TaskView:
        """Return a task with all that is known of it; NotFound if there is none."""
        return await self._aside(self._verbs.get, task_id)

    async def list(
        self, *, everything: bool = False, **wanted: Unpack[Wanted]
    ) -> Sequence[TaskView]:
        """Return what is not final, oldest first; by state, reason or moment, newest first."""
        return await self._aside(self._verbs.list, everything=everything, **wanted)

    async def wait(self, task_id: int, timeout: float | None = None) -> Task:  # noqa: ASYNC109 - what is waited for says so itself
        """Return a task once it is final; NotYet where `timeout` seconds pass before."""
        return (await self.wait_all([task_id], timeout))[0]

    async def wait_all(
        self,
        ids: Iterable[int],
        timeout: float | None = None,  # noqa: ASYNC109 - as above
    ) -> Sequence[Task]:
        """Return tasks once all are final at one moment; NotYet as above."""
        wanted = [*ids]
        with anyio.move_on_after(timeout):
            return await self._until_final(wanted)
        return await self._aside(self._verbs.wait_all, wanted, 0)

    async def _until_final(self, wanted: Sequence[int]) -> Sequence[Task]:
        count = self._watch.count
        found = await self._aside(self._tasks, wanted)
        while not all(task.is_final for task in found):
            await self._watch.news(count)
            count = self._watch.count
            if await self._aside(self._are_final, wanted):
                found = await self._aside(self._tasks, wanted)
        return found

    async def result(self, task_id: int) -> Task:
        """Return a task that is final; NotYet while it isn't."""
        return await self._aside(self._verbs.result, task_id)

    async def stream(self, task_id: int) -> AsyncIterator[Happening]:
        """Yield what has happened to a task and what happens, until it has ended."""
        stream = Stream(self._verbs.desk, task_id)
        while True:
            count = self._watch.count
            for happening in await self._aside(lambda: [*stream.news()]):
                yield happening
            if stream.is_over:
                return
            await self._watch.news(count, LOOK_SECONDS)

    async def cancel(self, task_id: int) -> Task:
        """Cancel a task; one that runs has its agent ended, one that is final stays as it is."""
        return await self._moved(self._verbs.cancel, task_id)

    async def retry(self, task_id: int, *, resume: bool = False) -> Task:
        """Set a task going again that failed or was cancelled; see `SyncClient.retry`."""
        return await self._moved(self._verbs.retry, task_id, resume=resume)

    async def hold(self, task_id: int) -> Task:
        """Keep a task that hasn't started from starting; IllegalMove for any other."""
        return await self._moved(self._verbs.hold, task_id)

    async def release(self, task_id: int) -> Task:
        """Let a held task go on."""
        return await self._moved(self._verbs.release, task_id)

    async def approvals(self) -> Sequence[Approval]:
        """Return the questions that wait for a person, oldest first."""
        return await self._aside(self._verbs.approvals)

    async def approve(self, question: int | str, reason: str | None = None) -> Approval:
        """Say yes to a question; see `SyncClient.approve`."""
        return await self._moved(self._verbs.approve, question, reason)

    async def deny(self, question: int | str, reason: str | None = None) -> Approval:
        """Say no to a question; Denied where an agent is behind it."""
        return await self._moved(self._verbs.deny, question, reason)

    def _tasks(self, ids: Iterable[int]) -> Sequence[Task]:
        return by_ids(self._verbs.desk, ids)

    def _are_final(self, ids: Iterable[int]) -> bool:
        return are_final(self._verbs.desk, ids)

    def _changes(self) -> int:
        return self._verbs.desk.database.changes()

    async def _moved(self, verb: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Say a verb that commits something, of which those who wait here are told."""
        try:
            return await self._aside(verb, *given, **named)
        finally:
            self._watch.ring()

    async def _aside(self, verb: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        """Say a verb in a thread, one at a time; it is not abandoned when the caller is."""
        return await to_thread.run_sync(partial(verb, *given, **named), limiter=self._turn)
