"""One agent's run as it is watched: what it says and uses, and the limits it runs under."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import (
    AgentEvent,
    Noted,
    ProcessStarted,
    Report,
    Said,
    SessionStarted,
    ToolFinished,
    ToolStarted,
    Used,
)
from deputize.agents.output import shown_output
from deputize.model.attempt import ToolUse, Usage
from deputize.model.outcome import Outcome
from deputize.model.price import priced
from deputize.model.session import Terms
from deputize.redaction import bare_url
from deputize.worker.calls import Calls
from deputize.worker.evidence import ANSWER_CHARACTERS, Seen, counted
from deputize.worker.liveness import Liveness

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from deputize.agents.base import Agent, Gate, Job, Provider
    from deputize.agents.pool.pool import Pool
    from deputize.model.budget import Standing
    from deputize.model.policy import Action, Decision
    from deputize.model.price import KnownModel
    from deputize.redaction import Redactor
    from deputize.worker.hooking import Hooking
    from deputize.worker.steps import Steps
    from deputize.worker.telemetry import Trace


class Stop(Enum):
    """Why a run is ended from outside."""

    CANCELLED = "cancelled"
    LEASE_LOST = "lease_lost"
    WORKER_STOPPED = "worker_stopped"
    BUDGET_SPENT = "budget_spent"
    ASKED = "asked"


_STOPPED = {
    Stop.CANCELLED: (Outcome.CANCELLED, "cancelled while it ran"),
    Stop.LEASE_LOST: (Outcome.LEASE_LOST, "the lease was lost while it ran"),
    Stop.WORKER_STOPPED: (Outcome.WORKER_LOST, "the worker was stopped while it ran"),
    Stop.BUDGET_SPENT: (Outcome.PARKED, "its budget is spent"),
    Stop.ASKED: (Outcome.PARKED, "a person is asked about a tool call"),
}


@dataclass(slots=True, kw_only=True)
class Running:
    """What is known of a run so far. One writer: the event loop."""

    steps: Steps
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    stop: Stop | None = None
    pool: Pool | None = None
    """Programs that agents may share."""
    session: str | None = None
    provider: Provider | None = None
    """Where the agent's model is served, where that isn't its own login."""
    model: str | None = None
    """The model that answered last, as the agent names it."""
    usage: Usage = field(default_factory=Usage)
    used: anyio.Event = field(default_factory=anyio.Event)
    """Set once more was used than has been written."""
    spent: Standing | None = None
    """The account that it has used up, where it was stopped because of that."""
    models: Sequence[KnownModel] = ()
    served_by: Collection[str] = ()
    """All the names of the place that serves its model."""
    trace: Trace | None = None
    """Its spans, where somebody wants them."""
    tools: dict[str, ToolUse] = field(default_factory=dict)
    last_at: float = 0.0
    limit: anyio.CancelScope | None = None
    """Ends the run once it has taken too long."""
    waits: int = 0
    """How many tool calls wait for a person: that is nobody's silence, and takes no time."""
    left: float = math.inf
    """How long it may go on after that, in seconds."""
    liveness: Liveness | None = None
    """What its agent does, from when it was started on."""
    hooking: Hooking | None = None
    """A person's own hooks, once the attempt has a bench."""
    calls: Calls = field(init=False)
    """Puts its tool calls on record."""

    def __post_init__(self) -> None:
        """Put its tool calls where the rest of it is written."""
        self.calls = Calls(self.steps)

    def halt(self, why: Stop) -> None:
        """End the run from outside; the first reason stays, unless the worker itself has to go."""
        if self.stop is None or why is Stop.WORKER_STOPPED:
            self.stop = why
        self.scope.cancel()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Wait for a person: the time that takes is not the agent's."""
        if self.waits == 0 and self.limit is not None:
            self.left = self.limit.deadline - anyio.current_time()
            self.limit.deadline = math.inf
        self.waits += 1
        try:
            yield
        finally:
            self.waits -= 1
            self.last_at = anyio.current_time()
            if self.waits == 0 and self.limit is not None:
                self.limit.deadline = self.last_at + self.left

    def emit(self, event: AgentEvent) -> None:
        """Take an event of the agent: log it, count it, remember it, all without secrets."""
        event = without_secrets(event, self.steps.redactor)
        self.last_at = anyio.current_time()
        if self.liveness is not None:
            self.liveness.hear(event, self.steps.shop.now())
        self.calls.hear(event)
        cost = self._take(event)
        if self.hooking is not None:
            self.hooking.hear(event)
        if self.trace is not None:
            self.trace.hear(event, self.model, cost)

    def _take(self, event: AgentEvent) -> str | None:
        """Take what an event says; return what it cost, where it is a call of a known price."""
        cost = None
        match event:
            case Said(text=text):
                self.steps.log.said(text)
            case ToolStarted(name=name, summary=summary):
                self.steps.log.tool(name, summary)
            case ToolFinished(name=name, ok=ok, denied=denied, output=output):
                self.tools[name] = counted(self.tools, name, ok=ok, denied=denied)
                if denied or not ok:
                    self.steps.log.tool(name, "denied" if denied else f"failed: {output}")
            case Used(usage=usage, model=model):
                cost = self._use(usage, model)
            case SessionStarted(token=token, asks=asks):
                self.session = token
                self.steps.note_session(token, terms_of(self.provider, asks=asks))
            case ProcessStarted(pid=pid):
                self.steps.note_process(pid)
            case Noted(text=text):
                self.steps.log.stderr(text)
        return cost

    def _use(self, usage: Usage, model: str | None) -> str | None:
        self.model = model or self.model
        call = priced(usage, self.model, self.served_by, self.models)
        self.usage = self.usage.plus(call)
        self.steps.log.model_call(self.model or "model", _price_of(call))
        self.used.set()
        return call.cost_usd

    def as_stopped(self, seen: Seen) -> Seen:
        """Return what was seen, ended as whoever stopped the run wanted it."""
        if self.stop is None:
            return seen
        outcome, error = _STOPPED[self.stop]
        if self.spent is not None and self.stop is Stop.BUDGET_SPENT:
            error = f"the budget of {self.spent.account.label} is spent: {self.spent.told}"
        return self.seen(Report(outcome=outcome, error=error))

    def seen(self, report: Report) -> Seen:
        """Put together what was seen of the run."""
        redacted = self.steps.redactor.redacted
        return Seen(
            outcome=report.outcome,
            # Redacted before it is cut: half a secret is no longer recognised as one. Of a long
            # answer no more is looked at than it takes: this is where leases are renewed.
            answer=redacted(report.answer[-4 * ANSWER_CHARACTERS :])[-ANSWER_CHARACTERS:],
            exit_code=report.exit_code,
            error=report.error and redacted(report.error),
            retry_at=report.retry_at,
            session=self.session,
            model=self.model,
            usage=self.usage,
            tools=tuple(self.tools.values()),
        )


def without_secrets(event: AgentEvent, redactor: Redactor) -> AgentEvent:
    """Return an event without the secrets in it; what is said in pieces is redacted by the log."""
    match event:
        case ToolStarted(name=name, summary=summary):
            clean = redactor.redacted
            return replace(event, name=clean(name), summary=clean(summary))
        case ToolFinished(name=name, output=output):
            shown = shown_output(output, redactor)
            return replace(event, name=redactor.redacted(name), output=shown)
        case Noted(text=text):
            return replace(event, text=redactor.redacted(text))
    return event


def _price_of(call: Usage) -> str:
    """Say what a model call took, and what that cost."""
    cost = "unpriced" if call.cost_usd is None else f"{call.cost_usd} USD"
    return ", ".join(filter(None, (call.words, cost)))


def terms_of(provider: Provider | None, *, asks: bool | None) -> Terms:
    """Return what is kept of how an attempt works in a session."""
    allow_all = None if asks is None else not asks
    if provider is None:
        return Terms(allow_all=allow_all)
    return Terms(
        provider=provider.name,
        provider_type=provider.type,
        base_url=bare_url(provider.base_url),
        allow_all=allow_all,
    )


async def watch(running: Running, agent: Agent, job: Job, gate: Gate) -> Seen:
    """Run an agent under its task's limits, and say what was seen."""
    task = running.steps.claim.task
    report = Report(outcome=Outcome.AGENT_CRASHED, error="the agent ended without a report")
    running.last_at = anyio.current_time()
    now = running.steps.shop.now()
    running.liveness = Liveness(heard_at=now, since=now)
    silence = anyio.CancelScope()

    async def listen() -> None:
        await _until_silent(running, task.idle_timeout_seconds)
        silence.cancel()

    with anyio.CancelScope(deadline=anyio.current_time() + task.timeout_seconds) as limit, silence:
        running.limit = limit
        async with anyio.create_task_group() as group:
            group.start_soon(listen)
            report = await agent.run(job, _followed(running, gate), running.emit)
            group.cancel_scope.cancel()
    if limit.cancelled_caught:
        error = f"it ran longer than {task.timeout_seconds} s"
        report = Report(outcome=Outcome.TIME_LIMIT, error=error)
    elif silence.cancelled_caught:
        error = f"it said nothing for {task.idle_timeout_seconds} s"
        report = Report(outcome=Outcome.IDLE_TIMEOUT, error=error)
    return running.seen(report)


def _followed(running: Running, gate: Gate) -> Gate:
    """Ask the gate so that it is known of an attempt that it waits for the answer."""

    async def ask(action: Action) -> Decision:
        now, life = running.steps.shop.now, running.liveness
        if life is not None:
            shown = running.steps.redactor.redacted(action.summary)
            life.ask(replace(action, summary=shown), now())
        try:
            return await gate(action)
        finally:
            if life is not None:
                life.answered(now())

    return ask


async def _until_silent(running: Running, seconds: float) -> None:
    """Return once nothing was heard of the agent for `seconds`."""
    left = seconds
    while left > 0 and not math.isinf(left):
        await anyio.sleep(left)
        heard_at = anyio.current_time() if running.waits else running.last_at
        left = heard_at + seconds - anyio.current_time()
