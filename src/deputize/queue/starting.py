"""Starting: tasks that were taken become attempts, each with a lease."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from deputize.model.attempt import LEASE_SECONDS, NO_USAGE, Attempt
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.store import attempts, tasks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.model.fallback import Substitute
    from deputize.model.task import Task
    from deputize.model.worker import Worker
    from deputize.store.database import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task, as its attempt does it, and the attempt that its worker holds the lease of."""

    task: Task
    attempt: Attempt


def start(
    transaction: Transaction,
    taken: Sequence[tuple[Task, Substitute]],
    worker: Worker,
    now: datetime,
) -> list[Claim]:
    """Make attempts of tasks that this transaction has taken, each done by the agent beside it."""
    done = [(task, _as_done_by(task, doer)) for task, doer in taken]
    begun = attempts.insert(transaction, [_attempt(task, worker, now) for _, task in done])
    return [
        _run(transaction, asked, task, attempt, now)
        for (asked, task), attempt in zip(done, begun, strict=True)
    ]


def _as_done_by(task: Task, doer: Substitute) -> Task:
    """Return a task as its attempt does it: model and session are those of its own agent."""
    if doer.agent == task.agent:
        return task
    return task._replace(agent=doer.agent, provider=doer.provider, model=None, session=None)


def _attempt(task: Task, worker: Worker, now: datetime) -> Attempt:
    """Make an attempt; its id and its number come when it is written."""
    return Attempt(
        id=0,
        task=task.id,
        number=0,
        token=secrets.token_hex(16),
        worker=worker.id,
        lease_expires_at=now + timedelta(seconds=LEASE_SECONDS),
        agent=task.agent,
        provider=task.provider,
        model=task.model,
        base=task.base,
        session=task.session,
        workspace=None,
        processes=(),
        started_at=now,
        finished_at=None,
        outcome=None,
        exit_code=None,
        error=None,
        usage=NO_USAGE,
        tools=(),
        summary=None,
        log=None,
        saved_ref=None,
    )


def _run(
    transaction: Transaction, asked: Task, task: Task, attempt: Attempt, now: datetime
) -> Claim:
    """Let a task run, in the store as it was asked for."""
    body = {"number": attempt.number, "agent": attempt.agent, "model": attempt.model}
    if asked.agent != attempt.agent:
        body["instead_of"] = asked.agent
    event = Event(
        kind="attempt.started",
        actor=f"worker:{attempt.worker}",
        attempt=attempt.id,
        worker=attempt.worker,
        body=body,
    )
    running = _running(asked, attempt, now)
    tasks.move(transaction, asked, running, event, now)
    return Claim(task=running if task is asked else _running(task, attempt, now), attempt=attempt)


def _running(task: Task, attempt: Attempt, now: datetime) -> Task:
    began = task.started_at or now
    return task._replace(
        state=TaskState.RUNNING, attempt=attempt.id, not_before=None, started_at=began
    )
