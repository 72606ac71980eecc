"""One attempt, from claim to outcome: the page to read first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize import log, queue
from deputize.agents.base import Gate, Job
from deputize.agents.output import ANSWER_CHARACTERS
from deputize.agents.providers import served
from deputize.agents.registry import agent_from, settings_for
from deputize.attempt_log import AttemptLog
from deputize.changes.answers import ANSWER_CHARACTERS as REQUEST_CHARACTERS
from deputize.config.dotenv import read_variables
from deputize.config.models import models_of, names_of_login, names_of_provider
from deputize.errors import (
    AgentError,
    ConfigError,
    DeputizeError,
    LeaseLost,
    NotFound,
    StoreUnavailable,
)
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.model.agent import asks_always, kind_of
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict
from deputize.worker.asking_again import AskingAgain, keep_answer
from deputize.worker.benches import (
    Bench,
    answers_with_request,
    may_edit,
    may_touch,
    open_bench,
    parked_until,
)
from deputize.worker.clearing import clear_bench
from deputize.worker.evidence import Seen
from deputize.worker.full_disk import excused, is_passing
from deputize.worker.gathering import look, put_away, unsaved
from deputize.worker.judging import begin_judging
from deputize.worker.metering import meter
from deputize.worker.obedience import require_obedience
from deputize.worker.prompt import compose
from deputize.worker.requesting import Requesting
from deputize.worker.running import Running, Stop, watch
from deputize.worker.steps import Steps
from deputize.worker.telemetry import Subject, begin
from deputize.worker.verifying import verify
from deputize.workshop import alone, aside
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.environment import agent_environment, attempt_marker, markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.agents.base import Agent
    from deputize.agents.pool.pool import Pool
    from deputize.agents.providers import Served
    from deputize.config.dotenv import Variables
    from deputize.model.budget import Budgets, Standing
    from deputize.model.policy import Action, Decision
    from deputize.model.task import Task
    from deputize.queue import Claim, Ending
    from deputize.worker.turnstile import Turnstile
    from deputize.workshop import Workshop

PAUSE_SECONDS = 1.0
"""How long it rests before it tries again to write how an attempt ended."""


async def run_attempt(
    shop: Workshop,
    claim: Claim,
    on_running: Callable[[Running], None],
    turnstile: Turnstile,
    pool: Pool,
) -> None:
    """Give one task to one agent in a workspace of its own, and hand over what came of it.

    Where the sandbox is off, agents that can use the programs of `pool`.
    """
    path = shop.home.logs / "attempts" / f"{claim.task.id}-{claim.attempt.number}.log"
    with AttemptLog(path) as attempt_log:
        steps = Steps(shop=shop, claim=claim, log=attempt_log)
        running = Running(steps=steps, pool=pool)
        on_running(running)
        try:
            await steps.begin(str(path))
            await require_obedience(steps)
            bench = await open_bench(steps)
        except AgentError as error:
            await _give_up(running, error, turnstile)
            return
        except LeaseLost:
            return
        seen = await _work(running, bench)
        with anyio.CancelScope(shield=True):
            ending = await _put_away(running, bench, seen)
            if await _finish(running, ending, turnstile):
                await clear_bench(steps)


async def _put_away(running: Running, bench: Bench, seen: Seen) -> Ending:
    """Save the work; while the disk is full, try again until the run is stopped."""
    steps, told = running.steps, False
    seen = excused(seen, steps.shop.home.path)
    while True:
        try:
            ending = await put_away(steps, bench, seen)
            movable = steps.claim.task.agent in bench.config.fallback
            return replace(ending, question=steps.question, spent=_spent(running), movable=movable)
        except (DeputizeError, OSError) as error:
            if not is_passing(error):
                raise
            if running.stop is not None:
                return unsaved(steps, bench, seen, error)
            if not told:
                log.get("worker").warning("the work can't be saved yet", error=str(error))
                told = True
        await anyio.sleep(PAUSE_SECONDS)


def _spent(running: Running) -> Standing | None:
    return running.spent if running.stop is Stop.BUDGET_SPENT else None


async def _work(running: Running, bench: Bench) -> Seen:
    """Prepare the workspace and let the agent work in it; say what was seen, stopped or not."""
    steps = running.steps
    seen = Seen(outcome=Outcome.CANCELLED)
    try:
        with running.scope:
            await bench.prepare(steps)
            seen = await _run_agent(running, bench)
            if bench.deciding_checks(steps.claim.task):
                left = await aside(look, steps, bench)
                seen = await verify(steps, bench, seen, left)
    except AgentError as error:
        seen = Seen(outcome=Outcome(error.outcome), error=error.message)
    except LeaseLost:
        seen = Seen(outcome=Outcome.LEASE_LOST, error="the lease was lost")
    return running.as_stopped(seen)


async def _run_agent(running: Running, bench: Bench) -> Seen:
    steps = running.steps
    task = steps.claim.task
    _require_held(task, bench)
    # A keyring may ask its user first, and leases have to be renewed meanwhile.
    variables, found = await aside(_served, steps, bench)
    agent = _agent(running, bench, variables)
    steps.log.milestone(f"its models come through {found.link}")
    begins = await steps.is_new_session()
    job = replace(_job(steps, bench, variables, found), begins=begins)
    judging = await begin_judging(steps, agent, job) if task.is_judge else None
    agent, job = (judging.agent, judging.job) if judging else (agent, job)
    gate = _gate(steps, bench)
    await steps.milestone(f"agent {agent.name} started", prompt=job.prompt)
    running.provider = job.provider
    running.models = models_of(bench.config)
    running.served_by = (
        names_of_provider(job.provider.name, job.provider.base_url)
        if job.provider
        else names_of_login(task.agent, bench.config)
    )
    with alone():
        async with anyio.create_task_group() as group:
            group.start_soon(steps.write_notes)
            metering = anyio.CancelScope()
            group.start_soon(_meter, metering, running, bench.config.budget)
            try:
                seen = await _answered(running, bench, agent, job, gate)
            finally:
                steps.no_more_notes()
                metering.cancel()
    return judging.with_verdict(seen) if judging else seen


async def _answered(running: Running, bench: Bench, agent: Agent, job: Job, gate: Gate) -> Seen:
    """Let the agent work; where it answers with a change request, carry that out."""
    steps = running.steps
    if not answers_with_request(steps.claim.task, bench.config):
        return await _traced(running, bench, agent, job, gate)
    requesting = Requesting(steps, bench, agent)
    await requesting.begin()
    return await requesting.conclude(await _traced(running, bench, requesting.agent, job, gate))


async def _traced(running: Running, bench: Bench, agent: Agent, job: Job, gate: Gate) -> Seen:
    """Watch the run, with a span around it where somebody wants spans."""
    claim = running.steps.claim
    subject = Subject(
        task=claim.task.id,
        attempt=claim.attempt.number,
        agent=claim.task.agent,
        kind=kind_of(claim.task.agent, bench.config.agents),
        provider_type=job.provider.type if job.provider else None,
        model=job.model,
    )
    running.trace = trace = begin(subject)
    outcome = Outcome.CANCELLED
    try:
        seen = await watch(running, agent, job, gate)
        outcome = seen.outcome
    finally:
        if trace is not None:
            stopped = running.as_stopped(Seen(outcome=outcome))
            trace.end(stopped.outcome, running.model, running.usage)
    if seen.outcome is Outcome.UNUSABLE_ANSWER and isinstance(agent, AskingAgain):
        await aside(keep_answer, running.steps.log, agent)
    return seen


async def _meter(scope: anyio.CancelScope, running: Running, budgets: Budgets) -> None:
    with scope:
        await meter(running, budgets)


def _served(steps: Steps, bench: Bench) -> tuple[Variables, Served]:
    """Return what is set for agents, and what serves this one; AgentError where it can't be had."""
    task, config = steps.claim.task, bench.config
    named = task.provider or config.provider_of(task.agent, task.role)
    try:
        agent = settings_for(task.agent, config.agents)
        variables = read_variables(steps.shop.home)
        return variables, served(agent, config, variables, provider=named, model=task.model)
    except NotFound as error:
        raise AgentError(Outcome.AGENT_MISSING, error.message, hint=error.hint) from error
    except ConfigError as error:
        raise AgentError(Outcome.AUTH_FAILED, error.message, hint=error.hint) from error


def _agent(running: Running, bench: Bench, variables: Variables) -> Agent:
    """Return the task's agent; AgentError where the settings don't have it (any more)."""
    name, pool = running.steps.claim.task.agent, running.pool
    try:
        settings = settings_for(name, bench.config.agents)
        shared = pool if bench.config.sandbox.is_off else None
        return agent_from(name, settings, variables.all, pool=shared)
    except (NotFound, ConfigError) as error:
        raise AgentError(Outcome.AGENT_MISSING, error.message, hint=error.hint) from error


def _require_held(task: Task, bench: Bench) -> None:
    """Raise AgentError where an agent that doesn't ask for each tool call is to be held to some."""
    role = bench.config.role(task.role)
    if role is None or role.tools is None:
        return
    if not asks_always(task.agent, settings_for(task.agent, bench.config.agents)):
        message = f"the role {task.role} may only use some tools: {task.agent} can't be held to it"
        raise AgentError(Outcome.POLICY_DENIED, message)


def _job(steps: Steps, bench: Bench, variables: Variables, found: Served) -> Job:
    task, attempt = steps.claim.task, steps.claim.attempt
    settings = bench.config
    agent = settings_for(task.agent, settings.agents)
    requests = answers_with_request(task, settings)
    return Job(
        prompt=compose(
            task,
            settings.role(task.role),
            settings.checks,
            interrupted=bench.continues,
            requests=requests,
        ),
        workspace=bench.path,
        environment=agent_environment(
            agent.env, markers(task.id, attempt_marker(attempt.token)), variables.all
        ),
        secrets=found.secrets,
        session=task.session,
        model=found.model,
        provider=found.provider,
        state=steps.shop.home.agents / task.agent,
        may_write=may_touch(task, settings),
        containment=() if settings.sandbox.is_off else containment_prefix(),
        answer_characters=REQUEST_CHARACTERS if requests else ANSWER_CHARACTERS,
    )


def _gate(steps: Steps, bench: Bench) -> Gate:
    task = steps.claim.task
    role = bench.config.role(task.role)
    bounds = Bounds(
        workspace=str(bench.path.resolve()),
        may_write=may_edit(task, bench.config),
        own=(str((steps.shop.home.agents / task.agent).resolve()),),
        tools=None if role is None or role.tools is None else frozenset(role.tools),
    )

    async def record(action: Action, decision: Decision) -> None:
        if decision.verdict is Verdict.ALLOW:
            return
        await steps.note(
            Event(
                kind="attempt.tool_decided",
                actor="gate",
                body={
                    "tool": action.tool,
                    "name": action.name,
                    "what": action.summary[:500],
                    "verdict": decision.verdict,
                    "rule": decision.rule,
                    "reason": decision.reason,
                },
            )
        )

    return gate_for(bounds, record)


async def _give_up(running: Running, error: AgentError, turnstile: Turnstile) -> None:
    """Close an attempt that could not begin."""
    steps = running.steps
    steps.log.milestone(f"could not begin: {error.message}")
    ending = queue.Ending(
        outcome=Outcome(error.outcome),
        error=error.message,
        retry_at=parked_until(steps) if error.outcome == Outcome.PARKED else None,
    )
    await _finish(running, ending, turnstile)


async def _finish(running: Running, ending: Ending, turnstile: Turnstile) -> bool:
    """Write the ending; while the store takes nothing, try again until the worker has to go."""
    steps = running.steps
    try:
        task = await _write_ending(steps, ending, turnstile)
        while task is None and running.stop is not Stop.WORKER_STOPPED:
            await anyio.sleep(PAUSE_SECONDS)
            task = await _write_ending(steps, ending, turnstile)
    except LeaseLost:
        steps.log.milestone("the lease is lost: nothing more is written")
        return False
    except DeputizeError as error:
        log.get("worker").error("could not finish the attempt", error=error.message)
        return False
    if task is None:
        return False
    steps.log.milestone(f"{ending.outcome}: {ending.error or 'the task is ' + task.state}")
    steps.shop.bells.ring()
    return True


async def _write_ending(steps: Steps, ending: Ending, turnstile: Turnstile) -> Task | None:
    """Return the task as it goes on; None where the store is full or busy just now."""
    try:
        return await _end(steps, ending, turnstile)
    except StoreUnavailable as error:
        log.get("worker").warning("the ending can't be written yet", error=error.message)
        return None


async def _end(steps: Steps, ending: Ending, turnstile: Turnstile) -> Task:
    tips = await steps.tips_of_dependents(ending)
    return await turnstile.leave(steps.claim.attempt, ending, tips)
