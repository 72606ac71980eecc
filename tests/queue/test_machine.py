"""Whatever people and workers do, in whatever order, the queue keeps its promises."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from deputize import queue
from deputize.errors import IllegalMove, LeaseLost
from deputize.landing import records
from deputize.model.need import VERDICTS, On, Verdict, verdict_on
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState, TaskState
from deputize.store import attempts, changes, journal, settle, tasks
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, OTHER_COMMIT
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from hypothesis.stateful import MultipleResults

    from deputize.model.task import Task
    from deputize.queue import Claim

HELD_BACK = {TaskState.BLOCKED, TaskState.QUEUED}
LOST = {TaskState.FAILED, TaskState.CANCELLED}
WAYS = [
    *(Outcome.SUCCEEDED, Outcome.AGENT_ERROR, Outcome.AGENT_CRASHED, Outcome.WORKER_LOST),
    *(Outcome.RATE_LIMITED, Outcome.PARKED, Outcome.CANCELLED),
]
TELLS = {
    "task.queued": TaskState.QUEUED,
    "task.released": TaskState.QUEUED,
    "task.retried": None,
    "task.reworked": TaskState.QUEUED,
    "task.blocked": TaskState.BLOCKED,
    "attempt.started": TaskState.RUNNING,
    "task.handed_over": TaskState.LANDING,
    "task.done": TaskState.DONE,
    "task.failed": TaskState.FAILED,
    "task.cancelled": TaskState.CANCELLED,
}
"""The state into which a task goes when an event of this kind is told; a retry has two."""


class QueueMachine(RuleBasedStateMachine):
    """People and two workers, who do what they like."""

    kind = "sqlite"
    added: Bundle[int] = Bundle("added")
    claims: Bundle[Claim] = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        """Begin with an empty store."""
        self.folder = tempfile.TemporaryDirectory()
        self.closed_until = NOON - timedelta(days=9999)
        self.yard = Yard(database=open_database(self.kind, Path(self.folder.name) / "home"))

    def teardown(self) -> None:
        """Close the store."""
        self.yard.database.close()
        self.folder.cleanup()

    @rule(
        target=added,
        needs=st.lists(added, max_size=3),
        on=st.sampled_from(On),
        held=st.booleans(),
        tries=st.integers(1, 2),
    )
    def add(self, needs: list[int], on: On, held: bool, tries: int) -> int:  # noqa: FBT001 - hypothesis calls it
        """Add a task as intake does: it waits for what is open, and not for what is lost."""
        found = {need: VERDICTS[on][self.yard.task(need).state] for need in needs}
        waits = [need for need, verdict in found.items() if verdict is not Verdict.MET]
        if Verdict.LOST in found.values():
            waits = []
        return self.yard.add(*waits, on=on, held=held, attempts=tries)

    @rule(target=claims, worker=st.sampled_from(["w1", "w2"]))
    def claim(self, worker: str) -> MultipleResults[Claim]:
        """Let a worker take the next task, which must be the first of those that may be taken."""
        free = [
            task
            for task in self.every_task()
            if task.state is TaskState.QUEUED
            and not task.held
            and (task.not_before is None or task.not_before <= self.yard.now)
            and self.closed_until <= self.yard.now
        ]
        claim = self.yard.claim(worker)
        assert (claim.task.id if claim else None) == (free[0].id if free else None)
        return multiple(*([claim] if claim else []))

    @rule(claim=claims, outcome=st.sampled_from(WAYS), proposes=st.booleans())
    def finish(self, claim: Claim, outcome: Outcome, proposes: bool) -> None:  # noqa: FBT001 - as above
        """Let an attempt end, perhaps long after another took its place."""
        with self.yard.database.read() as transaction:
            is_open = attempts.get(transaction, claim.attempt.id).finished_at is None
        try:
            if proposes and outcome is Outcome.SUCCEEDED:
                self.yard.propose(claim)
            else:
                self.yard.finish(claim, outcome)
        except LeaseLost:
            assert not is_open
        else:
            assert is_open
            self.hear_of(claim, outcome)

    def hear_of(self, claim: Claim, outcome: Outcome) -> None:
        """Reckon with it that a limit of the one agent holds all tasks until it resets."""
        task = self.yard.task(claim.task.id)
        if outcome is Outcome.RATE_LIMITED and task.not_before and not task.is_final:
            self.closed_until = max(self.closed_until, task.not_before)

    @rule(number=added)
    def cancel(self, number: int) -> None:
        """Let a person cancel a task."""
        queue.cancel(self.yard.database, number, ADA, self.yard.now)

    @rule(number=added, held=st.booleans())
    def hold(self, number: int, held: bool) -> None:  # noqa: FBT001 - as above
        """Let a person pause a task, or let it go on."""
        before = self.yard.task(number).state
        try:
            queue.hold(self.yard.database, number, ADA, self.yard.now, held=held)
        except IllegalMove:
            assert before not in HELD_BACK
        else:
            assert before in HELD_BACK

    @rule(number=added)
    def retry(self, number: int) -> None:
        """Let a person revive a task."""
        before = self.yard.task(number).state
        with self.yard.database.read() as transaction:
            lacks = settle.lost_needs(transaction, number)
        try:
            queue.retry(self.yard.database, number, ADA, self.yard.now)
        except IllegalMove:
            assert before not in LOST or lacks
        else:
            assert before in LOST
            assert not lacks

    @rule(how=st.sampled_from(["land", "rework", "withdraw"]))
    def land(self, how: str) -> None:
        """Let landing come to the first change in line."""
        with self.yard.database.read() as transaction:
            waiting = changes.unsettled(transaction)
        if not waiting:
            return
        database, now = self.yard.database, self.yard.now
        change = records.step(database, waiting[0], ChangeState.QUEUED, now)
        if how == "land":
            records.land(database, change, OTHER_COMMIT, now)
        elif self.yard.task(change.task).cancel_requested:
            records.withdraw(database, change, now)
        else:
            records.send_back(
                database, change, reason=Outcome.CONFLICT, message="m", feedback="f",
                base=OTHER_COMMIT, granted=1 if how == "rework" else 0, checks=(), now=now,
            )  # fmt: skip

    @rule(seconds=st.sampled_from([-100, 5, 60, 4000]))
    def pass_time(self, seconds: int) -> None:
        """Let time pass, or jump back."""
        self.yard.pass_time(seconds)

    def every_task(self) -> list[Task]:
        """Return all tasks, first to last."""
        with self.yard.database.read() as transaction:
            return list(reversed(tasks.listing(transaction, limit=1000)))

    @invariant()
    def a_running_task_has_exactly_one_open_attempt(self) -> None:
        """Expect none of any other task."""
        with self.yard.database.read() as transaction:
            open_attempts = Counter(one.task for one in attempts.unfinished(transaction))
        running = [task.id for task in self.every_task() if task.state is TaskState.RUNNING]
        assert open_attempts == Counter(running)

    @invariant()
    def a_landing_task_has_exactly_one_change_in_line(self) -> None:
        """Expect none of any other task."""
        with self.yard.database.read() as transaction:
            in_line = Counter(change.task for change in changes.unsettled(transaction))
        landing = [task.id for task in self.every_task() if task.state is TaskState.LANDING]
        assert in_line == Counter(landing)

    @invariant()
    def what_is_final_says_when_and_why(self) -> None:
        """Expect neither of what is not final."""
        for task in self.every_task():
            assert (task.finished_at is not None) == task.is_final
            assert (task.reason is not None) == (task.state in LOST)
            assert not (task.is_final and task.cancel_requested)

    @invariant()
    def nobody_waits_for_nothing_or_for_ever(self) -> None:
        """Expect something open but nothing lost before a blocked task, and before no other.

        Only what was released by an end may see that end revived.
        """
        for task in self.every_task():
            with self.yard.database.read() as transaction:
                needs = tasks.needs(transaction, task.id)
            if task.state is TaskState.BLOCKED:
                assert verdict_on(needs) is Verdict.OPEN
            elif task.state not in LOST:
                lasting = [(need, state) for need, state in needs if need.on is not On.END]
                assert verdict_on(lasting) is Verdict.MET

    @invariant()
    def the_journal_tells_every_move_and_no_other(self) -> None:
        """Expect each step of a task told once, the last one into the state that it is in."""
        for task in self.every_task():
            with self.yard.database.read() as transaction:
                kinds = [entry.kind for entry in journal.of_task(transaction, task.id)]
                needs = tasks.needs(transaction, task.id)
            moves = [TELLS[kind] for kind in kinds[1:] if kind in TELLS]
            steps = [TaskState.BLOCKED if needs else TaskState.QUEUED, *moves]
            assert steps[-1] in {task.state, None}
            assert all(one is not next_one for one, next_one in pairwise(steps))


class PostgresQueueMachine(QueueMachine):
    """The same on PostgreSQL."""

    kind = "postgres"


TestQueueMachine = pytest.mark.timeout(300)(QueueMachine.TestCase)
TestQueueMachine.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestPostgresQueueMachine = pytest.mark.timeout(300)(PostgresQueueMachine.TestCase)
TestPostgresQueueMachine.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
