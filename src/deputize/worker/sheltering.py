"""The sandbox of an attempt, from before its setup until its checks are over."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize.agents.belongings import belongings_of
from deputize.errors import AgentError, ConfigError, StoreUnavailable
from deputize.model.outcome import Outcome
from deputize.workshop import aside
from deputize.workspace.sandbox.places import places_of
from deputize.workspace.sandbox.shelter import sheltered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deputize.agents.base import Agent, Job
    from deputize.model.agent import AgentSettings
    from deputize.worker.benches import Bench
    from deputize.worker.steps import Steps
    from deputize.workspace.sandbox.shelter import Launcher, Shelter


@asynccontextmanager
async def sheltering(steps: Steps, bench: Bench) -> AsyncIterator[Bench]:
    """Give the bench with the sandbox around it, which goes at the end with its folders.

    Raises AgentError where there can't be one: parked, where the level that was asked for is gone.
    """
    places = places_of(bench.workspace)
    manager = sheltered(bench.config.sandbox, steps.shop.home.path, places)
    try:
        shelter = await aside(manager.__enter__)
    except ConfigError as error:
        raise AgentError(Outcome.PARKED, f"{error.message} ({error.hint})") from error
    except OSError as error:
        raise AgentError(Outcome.SETUP_FAILED, _not_made(error)) from error
    try:
        await steps.change(lambda attempt: attempt._replace(sandbox=shelter.level))
        await steps.milestone(f"sandbox: {shelter.told}")
        yield replace(bench, shelter=shelter)
    finally:
        with anyio.CancelScope(shield=True):
            await aside(manager.__exit__, None, None, None)


async def launcher_of(shelter: Shelter) -> Launcher:
    """Return what starts commands in a sandbox; AgentError where it can't be made."""
    try:
        return await aside(shelter.launcher)
    except OSError as error:
        raise AgentError(Outcome.SETUP_FAILED, _not_made(error)) from error


async def launcher_for(
    steps: Steps, bench: Bench, agent: Agent, settings: AgentSettings, job: Job
) -> Launcher:
    """Return what starts an agent's programs in the sandbox; AgentError where it can't be made."""
    return await aside(_launcher, steps, bench, agent, settings, job)


def _launcher(
    steps: Steps, bench: Bench, agent: Agent, settings: AgentSettings, job: Job
) -> Launcher:
    state = steps.shop.home.agents / steps.claim.task.agent
    try:
        read, write = belongings_of(agent, settings, state, job.environment, job.provider)
        return bench.shelter.launcher(read=read, write=write, nests=settings.nests)
    except (OSError, StoreUnavailable) as error:
        message = f"the agent can't be let into its sandbox: {error}"
        raise AgentError(Outcome.SETUP_FAILED, message) from error


def _not_made(error: OSError) -> str:
    return f"no sandbox could be made: {error}"
