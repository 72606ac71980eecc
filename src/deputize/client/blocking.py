"""The verbs for programs without an event loop: each is a function of the desk, as on a terminal.

`Client` says the same verbs, one after the other in a thread.
"""

from __future__ import annotations

import os
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from deputize.client.asking import content_of, document_of
from deputize.config.home import Home
from deputize.desk import adding, answers, plans, stations, tasks
from deputize.desk.context import open_desk
from deputize.desk.logs import LOOK_SECONDS
from deputize.desk.narrowing import Narrowing
from deputize.desk.streaming import Stream
from deputize.errors import ConfigError, IllegalMove, ProcessError
from deputize.model.task import TaskSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Unpack

    from deputize.client.asking import TaskFields, Wanted
    from deputize.desk.context import Desk
    from deputize.desk.streaming import Happening
    from deputize.desk.tasks import TaskView
    from deputize.model.approval import Approval
    from deputize.model.plan import SubmittedPlan
    from deputize.model.task import Task

ORIGIN = "api"
"""The door by which tasks come in here."""


class SyncClient:
    """Everything that a program may ask of deputize. Use it in a `with` block.

    What goes wrong is an error of `deputize.errors`.
    """

    def __init__(
        self, home: str | os.PathLike[str] | None = None, *, start_worker: bool = True
    ) -> None:
        """Work with the home at `home`, else with the one that the command line finds.

        Where `start_worker`, and the settings, allow it, a worker is started that can do the work.
        """
        self._home = None if home is None else Home(Path(home).expanduser().absolute())
        self._starts = start_worker
        self._opened = ExitStack()
        self._open: Desk | None = None

    def __enter__(self) -> Self:
        """Open the store; StoreError or ConfigError where that can't be."""
        if self._open is not None:
            raise IllegalMove("the client is open already", hint="use one client in each `with`")
        self._open = self._opened.enter_context(open_desk(self._home))
        return self

    def __exit__(self, *_: object) -> None:
        """Close the store; what was submitted goes on."""
        self._open = None
        self._opened.close()

    @property
    def desk(self) -> Desk:
        """The open desk behind the verbs; IllegalMove where the client isn't open."""
        if self._open is None:
            hint = "write `with Client.sync() as client:` or `async with Client() as client:`"
            raise IllegalMove("the client is not open", hint=hint)
        return self._open

    def submit(self, prompt: str | TaskSpec, **fields: Unpack[TaskFields]) -> Task:
        """Store a task durably; InvalidInput names the field that is wrong, and nothing is stored.

        It belongs to the repository above the current folder unless `repo` or `place` says else.
        """
        task = adding.add(self.desk, self._spec(prompt, fields)).task
        self._start(lambda: plans.start_for(self.desk, [task]))
        return task

    def _spec(self, prompt: str | TaskSpec, fields: TaskFields) -> TaskSpec:
        if isinstance(prompt, TaskSpec):
            if fields:
                raise IllegalMove("a TaskSpec says everything: leave out the other arguments")
            return prompt
        asked = document_of({"prompt": prompt, **fields})
        return adding.read(self.desk, asked, folder=os.getcwd(), origin=ORIGIN)  # noqa: PTH109 - as `run`

    def submit_plan(self, plan: Mapping[str, object], *, dry_run: bool = False) -> SubmittedPlan:
        """Store all tasks of a plan, or none; in a `dry_run` nothing is stored in any case.

        The plan is what `deputize run` reads from a file; InvalidInput names task and field.
        """
        folder = os.getcwd()  # noqa: PTH109 - as `run`
        spec = plans.read(self.desk, content_of(plan), "the plan", folder)
        submitted = plans.submit(self.desk, spec, trial=dry_run)
        if not dry_run:
            made = [placed.task for placed in submitted.tasks]
            self._start(lambda: plans.start_for(self.desk, made))
        return submitted

    def get(self, task_id: int) -> TaskView:
        """Return a task with all that is known of it; NotFound if there is none."""
        return tasks.view(self.desk, task_id)

    def list(self, *, everything: bool = False, **wanted: Unpack[Wanted]) -> Sequence[TaskView]:
        """Return what is not final, oldest first; by state, reason or moment, newest first."""
        return tasks.listing(self.desk, Narrowing(**wanted), everything=everything)

    def wait(self, task_id: int, timeout: float | None = None) -> Task:
        """Return a task once it is final; NotYet where `timeout` seconds pass before."""
        return self.wait_all([task_id], timeout)[0]

    def wait_all(self, ids: Iterable[int], timeout: float | None = None) -> Sequence[Task]:
        """Return tasks once all are final at one moment; NotYet as above."""
        return tasks.wait(self.desk, ids, timeout)

    def result(self, task_id: int) -> Task:
        """Return a task that is final; NotYet while it isn't."""
        return tasks.result(self.desk, task_id)

    def stream(self, task_id: int) -> Iterator[Happening]:
        """Yield what has happened to a task and what happens, until it has ended."""
        stream = Stream(self.desk, task_id)
        while True:
            yield from stream.news()
            if stream.is_over:
                return
            tasks.await_commit(self.desk, time.monotonic() + LOOK_SECONDS)

    def cancel(self, task_id: int) -> Task:
        """Cancel a task; one that runs has its agent ended, one that is final stays as it is."""
        task = tasks.cancel(self.desk, task_id)
        self._start(lambda: stations.wake_up(self.desk))
        return task

    def retry(self, task_id: int, *, resume: bool = False) -> Task:
        """Set a task going again that failed or was cancelled, with all its tries.

        With `resume` it goes on in the agent's last session; IllegalMove where it can't be retried.
        """
        task = tasks.retry(self.desk, task_id, resume=resume)
        self._start(lambda: plans.start_for(self.desk, [task]))
        return task

    def hold(self, task_id: int) -> Task:
        """Keep a task that hasn't started from starting; IllegalMove for any other."""
        return tasks.hold(self.desk, task_id)

    def release(self, task_id: int) -> Task:
        """Let a held task go on."""
        task = tasks.release(self.desk, task_id)
        self._start(lambda: plans.start_for(self.desk, [task]))
        return task

    def approvals(self) -> Sequence[Approval]:
        """Return the questions that wait for a person, oldest first."""
        return answers.listing(self.desk)

    def approve(self, question: int | str, reason: str | None = None) -> Approval:
        """Say yes to a question: its number, `"a3"`, or `"#12"` where #12 asks only one.

        Denied where an agent is behind it.
        """
        return self._answer(answers.approve, question, reason)

    def deny(self, question: int | str, reason: str | None = None) -> Approval:
        """Say no to a question; Denied where an agent is behind it."""
        return self._answer(answers.deny, question, reason)

    def _answer(
        self,
        answer: Callable[[Desk, int, str | None], Approval],
        question: int | str,
        reason: str | None,
    ) -> Approval:
        answers.refuse_agents(self.desk)
        word = f"a{question}" if isinstance(question, int) else question
        answered = answer(self.desk, answers.find(self.desk, word).id, reason)
        self._start(lambda: stations.wake_up(self.desk))
        return answered

    def _start(self, start: Callable[[], bool]) -> None:
        """Start a worker where one is wanted: what was asked for is stored anyhow."""
        if not self._starts:
            return
        try:
            start()
        except (ProcessError, ConfigError) as error:
            message = f"no worker could be started: {error.message}; hint: {error.hint}"
            warnings.warn(message, RuntimeWarning, stacklevel=4)
