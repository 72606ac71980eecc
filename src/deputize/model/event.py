"""An event: one entry of the journal, and the closed set of its kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

EVENT_KINDS: dict[str, str] = {
    "task.queued": "a task was submitted, or came back to the queue",
    "task.blocked": "a task waits for others",
    "task.released": "the last need of a task was met",
    "task.edited": "a person changed a task before it began; the body says what",
    "task.held": "a person paused a task",
    "task.unheld": "a person let it go on",
    "task.handed_over": "the change of a task entered the merge queue",
    "task.stalled": "a task can't go on before a person has mended what the body says",
    "task.done": "a task reached its end",
    "task.failed": "a task failed; the body has the reason",
    "task.cancelled": "a person stopped a task, a need of it failed, or its race is lost",
    "task.retried": "a final task was revived",
    "task.reworked": "the change of a task was sent back to an agent",
    "task.rescheduled": "its pause was cut: the clock had been set back meanwhile",
    "task.cancel_requested": "a running task is to stop: a person says so, or its race is lost",
    "plan.queued": "a plan was submitted: tasks with what they need of each other",
    "plan.done": "every task of a plan is done; of a race, one",
    "plan.failed": "a plan has ended with tasks that failed or were cancelled",
    "plan.reopened": "a task of a plan that had ended was revived",
    "attempt.started": "a worker claimed a task",
    "attempt.milestone": "a step of an attempt was passed",
    "attempt.prompted": "an agent was given its prompt; the body has all of it",
    "attempt.tool_decided": "a tool call was answered; the body has the verdict and its rule",
    "attempt.tool_finished": "a tool call ended; the body has what it gave back",
    "attempt.hook_failed": "a hook could not be heard; the body has its name and why",
    "attempt.finished": "an attempt ended; the body has outcome and evidence",
    "attempt.rescued": "an attempt whose worker was lost was closed",
    "change.proposed": "an attempt proposed a change",
    "change.queued": "a change is in line",
    "change.deferred": "a change waits for a person's answer",
    "change.chosen": "of the changes of a race it is the one to land; the body has the judge",
    "change.blocked": "a change can't land before a person has mended what the body says",
    "change.check_started": "the checks of a change run",
    "change.checked": "a check ended; the body has its exit code and output",
    "change.landed": "the target contains the change",
    "change.superseded": "another change will come in its place",
    "change.quarantined": "a change was set aside with a reason",
    "change.rejected": "a person said no",
    "change.withdrawn": "its task was cancelled, or has lost its race",
    "approval.asked": "a person is needed",
    "approval.consented": "a person said yes, and another has to",
    "approval.approved": "a person said yes",
    "approval.denied": "a person said no",
    "approval.withdrawn": "the question is void",
    "session.begun": "a person named a session that tasks can go on in",
    "session.destroyed": "a session was forgotten; the body says why",
    "repository.trusted": "a person trusted the commands of a repository's deputize.toml",
    "barrier.raised": "tasks behind it wait: a person paused them, or a provider has a limit",
    "barrier.lifted": "a person let them go on",
    "agent.checked": "an agent was checked; the body has its steps, and if it obeyed the gate",
    "worker.started": "a worker process began",
    "worker.drain_requested": "it was asked to take no more tasks",
    "worker.stopped": "it ended",
    "worker.lost": "it was found dead",
    "notification.delivered": "a notification reached its channel",
    "notification.failed": "a notification was given up",
    "audit.rebuilt": "the audit files were written again from the journal",
    "archive.written": "what was old was taken out of the store into a file; the body names it",
}
"""Each kind of event with its meaning. A kind is `noun.past_participle`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened, told in the same transaction in which it happened."""

    kind: str
    actor: str
    """Who caused it: `person:NAME`, `worker:ID`, `landing`, `queue`, `agent:NAME`."""
    task: int | None = None
    attempt: int | None = None
    change: int | None = None
    approval: int | None = None
    worker: str | None = None
    body: Mapping[str, object] = field(default_factory=dict)
    """JSON values without floating-point numbers, so that every machine hashes the same text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Event):
    """An event as it stands in the journal."""

    id: int
    at: datetime
    seq: int | None = None
    """Its final place, once sealed."""
    hash: str | None = None
    """SHA-256 over the previous hash and this entry, once sealed."""


def is_plain_yes(event: Event) -> bool:
    """Tell whether it is a tool call that was allowed: there are very many of these."""
    return event.kind == "attempt.tool_decided" and event.body.get("verdict") == "allow"


def is_routine(event: Event) -> bool:
    """Tell whether it says no more than that a tool call was allowed, or how it ended."""
    return event.kind == "attempt.tool_finished" or is_plain_yes(event)
