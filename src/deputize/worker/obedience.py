"""Whether a task may be given to its agent's version: not where it rests on a gate that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.registry import agent_from, settings_for
from deputize.config.dotenv import read_variables
from deputize.config.load import load_config
from deputize.errors import AgentError, ConfigError, NotFound
from deputize.gate.holding import policy_of
from deputize.model.agent_check import Canary, needs_gate
from deputize.model.outcome import Outcome
from deputize.model.waiting import Line
from deputize.store import agent_checks
from deputize.worker.benches import may_edit
from deputize.workshop import aside

if TYPE_CHECKING:
    from deputize.agents.base import Found
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.task import Task
    from deputize.worker.steps import Steps


async def require_obedience(steps: Steps) -> None:
    """Raise AgentError, parked, where a task rests on the gate and its agent did not obey that.

    A version that nobody has checked is given the benefit of the doubt. Settings that are wrong
    are told of by whoever needs them next.
    """
    task = steps.claim.task
    if not await steps.shop.in_store(_has_failed, steps):
        return
    try:
        config = load_config(steps.shop.home.config)
        if not rests_on_gate(task, config):
            return
        found = await aside(_find, task.agent, config, steps.shop.home)
    except (ConfigError, NotFound):
        return
    if await steps.shop.in_store(_canary, steps, found.version) is Canary.FAILED:
        named = f"{task.agent} {found.version}" if found.version else task.agent
        raise AgentError(Outcome.PARKED, Line.DEAF.format(named=named, agent=task.agent))


def rests_on_gate(task: Task, config: Config) -> bool:
    """Tell whether a task's policy, or a hook, rests on what the gate refuses."""
    role = config.role(task.role)
    tools = None if role is None else role.tools
    if policy_of(task, config).restricts_calls or config.hook_on_calls(task.role, task.agent):
        return True
    return needs_gate(tools=tools, may_change=may_edit(task, config))


def _find(agent: str, config: Config, home: Home) -> Found:
    settings, variables = settings_for(agent, config.agents), read_variables(home).all
    return agent_from(agent, settings, variables).find()


def _has_failed(steps: Steps) -> bool:
    with steps.shop.database.read() as transaction:
        return agent_checks.has_failed(transaction, steps.claim.task.agent)


def _canary(steps: Steps, version: str | None) -> Canary | None:
    host = steps.shop.worker.host
    with steps.shop.database.read() as transaction:
        return agent_checks.canary_of(transaction, steps.claim.task.agent, version, host)
