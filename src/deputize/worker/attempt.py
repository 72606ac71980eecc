"""One attempt, from claim to outcome: the page to read first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize import log, queue
from deputize.attempt_log import AttemptLog
from deputize.errors import AgentError, DeputizeError, LeaseLost, StoreUnavailable
from deputize.model.agent import kind_of
from deputize.model.outcome import Outcome
from deputize.worker.benches import open_bench, parked_until
from deputize.worker.calls import prompted
from deputize.worker.clearing import clear_bench
from deputize.worker.evidence import Seen
from deputize.worker.full_disk import excused, is_passing
from deputize.worker.gathering import ending_without_secrets, look, put_away, unsaved
from deputize.worker.hooking import hooking_of, tell_end
from deputize.worker.metering import meter
from deputize.worker.obedience import require_obedience
from deputize.worker.running import Running, Stop, watch
from deputize.worker.setting_out import set_out
from deputize.worker.sheltering import sheltering
from deputize.worker.steps import Steps
from deputize.worker.telemetry import Subject, begin
from deputize.worker.verifying import verify
from deputize.workshop import alone, aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.agents.pool.pool import Pool
    from deputize.model.budget import Budgets, Standing
    from deputize.model.task import Task
    from deputize.queue import Claim, Ending
    from deputize.worker.benches import Bench
    from deputize.worker.setting_out import Outfit
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
            running.hooking = hooking_of(steps, bench.config, bench.path)
        except AgentError as error:
            await _give_up(running, error, turnstile)
            return
        except LeaseLost:
            return
        seen = await _work(running, bench)
        with anyio.CancelScope(shield=True):
            ending = await _put_away(running, bench, seen)
            await tell_end(running, ending)
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
            ending = ending_without_secrets(ending, steps.redactor)
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
            async with sheltering(steps, bench) as sheltered:
                seen = await _see_through(running, sheltered)
    except AgentError as error:
        seen = Seen(outcome=Outcome(error.outcome), error=error.message)
    except LeaseLost:
        seen = Seen(outcome=Outcome.LEASE_LOST, error="the lease was lost")
    return running.as_stopped(seen)


async def _see_through(running: Running, bench: Bench) -> Seen:
    """Run all that belongs to the attempt, in its sandbox."""
    steps = running.steps
    await bench.prepare(steps)
    seen = await _run_agent(running, bench)
    if bench.deciding_checks(steps.claim.task):
        left = await aside(look, steps, bench)
        seen = await verify(steps, bench, seen, left)
    return seen


async def _run_agent(running: Running, bench: Bench) -> Seen:
    """Let the agent work; while it does, its notes are written and its budgets are looked at."""
    steps = running.steps
    outfit = await set_out(running, bench)
    hooking = running.hooking
    await steps.milestone(f"agent {outfit.agent.name} started")
    await steps.note(prompted(outfit.agent.name, outfit.job))
    try:
        with alone():
            async with anyio.create_task_group() as group:
                group.start_soon(steps.write_notes)
                group.start_soon(running.calls.settle)
                if hooking is not None:
                    group.start_soon(hooking.tell_results)
                metering = anyio.CancelScope()
                group.start_soon(_meter, metering, running, bench.config.budget)
                try:
                    seen = await _traced(running, bench, outfit)
                finally:
                    running.calls.close()
                    steps.no_more_notes()
                    if hooking is not None:
                        hooking.no_more_results()
                    metering.cancel()
    finally:
        await steps.write_last_notes()
    return await outfit.form.conclude(seen) if outfit.form else seen


async def _traced(running: Running, bench: Bench, outfit: Outfit) -> Seen:
    """Watch the run, with a span around it where somebody wants spans."""
    claim, job = running.steps.claim, outfit.job
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
        seen = await watch(running, outfit.agent, job, outfit.gate)
        outcome = seen.outcome
    finally:
        if trace is not None:
            stopped = running.as_stopped(Seen(outcome=outcome))
            trace.end(stopped.outcome, running.model, running.usage)
    return seen


async def _meter(scope: anyio.CancelScope, running: Running, budgets: Budgets) -> None:
    with scope:
        await meter(running, budgets)


async def _give_up(running: Running, error: AgentError, turnstile: Turnstile) -> None:
    """Close an attempt that could not begin."""
    steps = running.steps
    steps.log.milestone(f"could not begin: {error.message}")
    ending = queue.Ending(
        outcome=Outcome(error.outcome),
        error=error.message,
        retry_at=parked_until(steps) if error.outcome == Outcome.PARKED else None,
    )
    with anyio.CancelScope(shield=True):
        await tell_end(running, ending)
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
