"""Who is next, whatever is asked of the queue in whatever order: compared with a simple model."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from deputize.errors import IllegalMove
from deputize.model.attempt import LEASE_SECONDS
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.event import Event
from deputize.model.limits import Limits
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.rules import Rules
from deputize.model.states import TaskState
from deputize.queue import Edits, Ending
from deputize.store import attempts, barriers, plans, tasks, workers
from tests.fixtures.databases import open_database
from tests.fixtures.line_model import Known, Model
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.yard import ADA, Yard

if TYPE_CHECKING:
    from hypothesis.stateful import MultipleResults

    from deputize.model.attempt import Attempt

FACTS = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["writer", "writer", "tester"]),
        "plan": st.sampled_from([None, 1]),
        "agent": st.sampled_from(["copilot", "copilot", "goose"]),
        "lock": st.sampled_from([None, None, "a"]),
        "priority": st.sampled_from([5, 5, 1]),
        "held": st.sampled_from([False, False, False, True]),
    }
)
QUEUED, RUNNING = TaskState.QUEUED, TaskState.RUNNING
LOST = {TaskState.FAILED, TaskState.CANCELLED}
NO_AGEING = 10**9
LONGEST_PAUSE = timedelta(seconds=300)
WAYS = [
    *(Outcome.SUCCEEDED, Outcome.AGENT_ERROR, Outcome.AGENT_CRASHED, Outcome.PARKED),
    *(Outcome.WORKER_LOST, Outcome.CANCELLED),
]
BARRIERS = [
    (BarrierKind.ALL, ""),
    (BarrierKind.ROLE, "tester"),
    (BarrierKind.PLAN, "1"),
    (BarrierKind.AGENT, "goose"),
]
WORKERS = ("w1", "w2")


class LineMachine(RuleBasedStateMachine):
    """People and two workers at one line, beside the model of it."""

    kind = "sqlite"
    added: Bundle[int] = Bundle("added")

    def __init__(self) -> None:
        """Begin with a plan."""
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.yard = Yard(database=open_database(self.kind, Path(self.folder.name) / "home"))
        self.model = Model()
        self.tried: list[tuple[int, Attempt]] = []
        """Every attempt that there ever was, with its task."""
        with self.yard.database.write() as transaction:
            plan = Plan(id=0, title="p", origin="cli", key=None, key_digest=None, created_at=NOON)
            plans.insert(transaction, plan, Event(kind="plan.queued", actor=ADA), NOON)

    def teardown(self) -> None:
        """Close the store."""
        self.yard.database.close()
        self.folder.cleanup()

    @initialize(target=added, several=st.lists(FACTS, min_size=4, max_size=8))
    def add_several(self, several: list[dict[str, Any]]) -> MultipleResults[int]:
        """Begin with some tasks."""
        return multiple(*map(self._add, several))

    @rule(target=added, facts=FACTS)
    def add(self, facts: dict[str, Any]) -> int:
        """Add a task."""
        return self._add(facts)

    def _add(self, facts: dict[str, Any]) -> int:
        number = self.yard.add(**facts)
        self.model.known[number] = Known(**facts, place=next(self.model.places))
        return number

    @rule(
        worker=st.sampled_from(WORKERS),
        wanted=st.integers(1, 3),
        most=st.sampled_from([{}, {"writer": 1}, {"writer": 2, "tester": 1}]),
    )
    def take(self, worker: str, wanted: int, most: dict[str, int]) -> None:
        """Let a worker ask for work."""
        self.take_some(worker, wanted, most)

    def take_some(self, worker: str, wanted: int, most: dict[str, int]) -> None:
        """Let a worker take some: each the next one, and fewer only where there are no more."""
        limits = Limits(roles=most, ageing_seconds=NO_AGEING)
        claims = queue.claim_several(
            self.yard.database, a_worker(id=worker), wanted, self.yard.now, Rules(limits=limits)
        )
        self.expect(claims, worker, wanted, limits)

    def expect(self, claims: list[queue.Claim], worker: str, wanted: int, limits: Limits) -> None:
        """Compare what was taken with what the model would take."""
        now = self.yard.now
        for claim in claims:
            assert worker not in self.model.drained
            assert claim.task.id in self.model.next_ones(now, limits)
            self.model.take(claim.task.id, claim.attempt, now)
            self.tried.append((claim.task.id, claim.attempt))
        if len(claims) < wanted and worker not in self.model.drained:
            assert not self.model.next_ones(now, limits)

    @rule(
        data=st.data(),
        outcomes=st.lists(st.sampled_from(WAYS), min_size=1, max_size=3),
        wanted=st.integers(0, 2),
        worker=st.sampled_from(WORKERS),
    )
    def turn_over(
        self, data: st.DataObject, outcomes: list[Outcome], wanted: int, worker: str
    ) -> None:
        """Let attempts end, some of them long after another took their place, and others begin."""
        if not self.tried:
            return
        chosen = data.draw(st.lists(st.sampled_from(self.tried), max_size=3, unique_by=id))
        pairs = list(zip(chosen, outcomes, strict=False))
        limits = Limits(ageing_seconds=NO_AGEING)
        done = queue.turn_over(
            self.yard.database,
            [(attempt, Ending(outcome=outcome)) for (_, attempt), outcome in pairs],
            a_worker(id=worker), wanted, self.yard.now, Rules(limits=limits),
        )  # fmt: skip
        late = {attempt.id for (id_, attempt), _ in pairs
                if self.model.known[id_].attempt != attempt.id}  # fmt: skip
        assert {attempt.id for attempt in done.lost} == late
        for (id_, attempt), outcome in pairs:
            if attempt.id not in late:
                self.model.end(id_, outcome, self.yard.now)
        self.expect(done.claims, worker, wanted, limits)

    @rule(worker=st.sampled_from(WORKERS))
    def beat(self, worker: str) -> None:
        """Let a worker say that it lives."""
        self.beat_of(worker)

    def beat_of(self, worker: str) -> None:
        """Renew what a worker thinks it has: it hears what is lost, and what is to stop."""
        held = [attempt for _, attempt in self.tried if attempt.worker == worker]
        pulse = queue.beat(self.yard.database, worker, held, self.yard.now)
        ours = {one.attempt: one for one in self.model.known.values() if one.worker == worker}
        assert pulse.lost == {attempt.id for attempt in held} - set(ours)
        assert pulse.cancelled == {id_ for id_, one in ours.items() if one.is_to_stop}
        assert pulse.draining == (worker in self.model.drained)
        assert not pulse.given_up
        for one in ours.values():
            one.lease = self.yard.now + timedelta(seconds=LEASE_SECONDS)

    @rule()
    def rescue(self) -> None:
        """End the attempts whose lease has run out, as upkeep does."""
        with self.yard.database.read() as transaction:
            late = [one for one in attempts.unfinished(transaction)
                    if one.lease_expires_at <= self.yard.now]  # fmt: skip
        for attempt in late:
            queue.finish(
                self.yard.database, attempt, Ending(outcome=Outcome.WORKER_LOST), self.yard.now
            )
        for id_, one in self.model.known.items():
            if one.lease is not None and one.lease <= self.yard.now:
                self.model.end(id_, Outcome.WORKER_LOST, self.yard.now)

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        """Cancel a task that runs; its worker hears of it."""
        running = [id_ for id_, one in self.model.known.items() if one.state is RUNNING]
        if running:
            number = data.draw(st.sampled_from(running))
            self.cancel_one(number)
            self.beat_of(self.model.known[number].worker or "")

    @rule(number=added)
    def cancel(self, number: int) -> None:
        """Cancel a task: one that runs is asked to stop."""
        self.cancel_one(number)

    def cancel_one(self, number: int) -> None:
        """Cancel a task here and there."""
        queue.cancel(self.yard.database, number, ADA, self.yard.now)
        one = self.model.known[number]
        one.is_to_stop = one.state is RUNNING
        if one.state is QUEUED:
            one.state = TaskState.CANCELLED

    @rule(number=added)
    def turn_away(self, number: int) -> None:
        """Cancel a task that waits, because a person refused what it needs."""
        with self.yard.database.write() as transaction:
            queue.turn_away(transaction, number, "refused", ADA, self.yard.now)
        if self.model.known[number].state is QUEUED:
            self.model.known[number].state = TaskState.CANCELLED

    @rule(number=added, held=st.booleans())
    def hold(self, number: int, held: bool) -> None:  # noqa: FBT001 - as above
        """Pause a task, or let it go on."""
        with suppress(IllegalMove):
            queue.hold(self.yard.database, number, ADA, self.yard.now, held=held)
        if self.model.known[number].state is QUEUED:
            self.model.known[number].held = held

    @rule(number=added, resume=st.booleans())
    def retry(self, number: int, resume: bool) -> None:  # noqa: FBT001 - as above
        """Revive a task; here none has a session that it could go on in."""
        with suppress(IllegalMove):
            queue.retry(self.yard.database, number, ADA, self.yard.now, resume=resume)
        one = self.model.known[number]
        if one.state in LOST and not resume:
            one.state, one.held, one.not_before = QUEUED, False, None
            one.crashes = one.losses = 0

    @rule(number=added, priority=st.sampled_from([1, 5]), seconds=st.sampled_from([0, 50]))
    def edit(self, number: int, priority: int, seconds: int) -> None:
        """Give a task another priority, and perhaps a delay, if nobody has begun it."""
        self.edit_one(number, priority, seconds)

    @rule(data=st.data(), priority=st.sampled_from([1, 5]))
    def move_over(self, data: st.DataObject, priority: int) -> None:
        """Put a task that nobody has begun in another line: behind those in it."""
        idle = [
            id_
            for id_, one in self.model.known.items()
            if one.state is QUEUED and not one.has_begun and one.priority != priority
        ]
        if idle:
            self.edit_one(data.draw(st.sampled_from(idle)), priority, 0)
            self.take_some("w1", 1, {})

    def edit_one(self, number: int, priority: int, seconds: int) -> None:
        """Edit a task here and there."""
        at = self.yard.now + timedelta(seconds=seconds) if seconds else None
        edits = Edits(priority=priority, not_before=at)
        one, is_illegal = self.model.known[number], False
        try:
            queue.edit(self.yard.database, number, edits, ADA, self.yard.now)
        except IllegalMove:
            is_illegal = True
        assert is_illegal == (one.state is not QUEUED or one.has_begun)
        if not is_illegal:
            one.place = one.place if priority == one.priority else next(self.model.places)
            one.priority, one.not_before = priority, at or one.not_before

    @rule(which=st.sampled_from(BARRIERS), is_closed=st.sampled_from([True, False, False]))
    def pause(self, which: tuple[BarrierKind, str], is_closed: bool) -> None:  # noqa: FBT001 - as above
        """Close or open a barrier."""
        kind, name = which
        now = self.yard.now
        with self.yard.database.write() as transaction:
            if is_closed:
                barrier = Barrier(kind=kind, name=name, cause=Cause.PERSON, since=now, until=None,
                                  by=ADA)  # fmt: skip
                barriers.close(transaction, barrier, now)
                self.model.closed.add(which)
            else:
                barriers.reopen(transaction, kind, name, Cause.PERSON, by=ADA, now=now)
                self.model.closed.discard(which)

    @rule()
    def drain(self) -> None:
        """Let the second worker take no more."""
        with self.yard.database.write() as transaction:
            workers.drain(transaction, "w2", self.yard.now)
        self.model.drained.add("w2")

    @rule(seconds=st.sampled_from([-1000, 5, 20, 40]))
    def pass_time(self, seconds: int) -> None:
        """Let time pass, or jump back; then upkeep cuts pauses that are longer than any of ours."""
        self.yard.pass_time(seconds)
        queue.shorten(self.yard.database, self.yard.now)
        latest = self.yard.now + LONGEST_PAUSE
        for one in self.model.known.values():
            if one.has_begun and one.state is QUEUED and one.not_before:
                one.not_before = min(one.not_before, latest)

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        """Expect the same of every task, and of every lease."""
        with self.yard.database.read() as transaction:
            stored = {task.id: task for task in tasks.listing(transaction, limit=1000)}
            leases = {one.id: one.lease_expires_at for one in attempts.unfinished(transaction)}
        found = {
            id_: (task.state, task.held, task.priority, task.not_before, task.cancel_requested,
                  task.attempt, leases.get(task.attempt or 0))
            for id_, task in stored.items()
        }  # fmt: skip
        assert found == {id_: one.facts for id_, one in self.model.known.items()}
        assert len(leases) == sum(one.attempt is not None for one in self.model.known.values())


class PostgresLineMachine(LineMachine):
    """The same on PostgreSQL."""

    kind = "postgres"


TestLineMachine = pytest.mark.timeout(300)(LineMachine.TestCase)
TestLineMachine.settings = settings(max_examples=50, stateful_step_count=40, deadline=None)
TestPostgresLineMachine = pytest.mark.timeout(300)(PostgresLineMachine.TestCase)
TestPostgresLineMachine.settings = settings(max_examples=10, stateful_step_count=40, deadline=None)
