"""Looks at agents, and at what they need to log in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk.doctor.finding import About, Finding, fail, failed, ok, warn
from deputize.errors import ConfigError, StoreError
from deputize.model.agent import SHIPPED
from deputize.model.agent_check import UNFIT_HINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config

CREDENTIALS = (
    "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_BYOK_API_KEY", "OPENAI_API_KEY",
    "ANTHROPIC_API_KEY", "AZURE_OPENAI_API_KEY",
)  # fmt: skip


def agents(home: Home) -> Iterator[Finding]:
    """Find the program of each agent, and whether that version obeyed the gate when checked.

    That of the agent that tasks go to has to be there, and to be fit for them. Of those that we
    only describe, nothing is told where nobody has them.
    """
    from deputize.desk.agents import check_words, found_here, listing

    config = load_config(home.config)
    try:
        found = listing(home)
    except StoreError:
        found = found_here(home)  # the store is looked at for itself
    unwanted = set(SHIPPED) - {*config.agents, config.default_agent}
    for agent in found:
        about = f"{About.AGENT} {agent.name}"
        bad = fail if agent.default else warn
        if agent.problem is not None and agent.name in unwanted:
            continue
        if agent.problem is not None:
            yield bad(about, agent.problem, agent.hint)
            continue
        version = f" ({agent.version})" if agent.version else ""
        told = check_words(agent)
        text = f"{agent.path}{version}, {told}"
        if agent.is_unfit:
            hint = f"tasks that rest on the gate wait: {UNFIT_HINT.format(agent=agent.name)}"
            yield bad(about, text, hint)
        else:
            yield ok(about, text)


def credentials(home: Home) -> Iterator[Finding]:
    """Look for names only: of a secret nothing is told but whether it is there."""
    from deputize.agents.copilot.stored import stored_user
    from deputize.config.dotenv import read_variables

    config, variables = load_config(home.config), read_variables(home)
    keys = {each.key_variable for each in config.providers.values() if each.key_variable}
    present = [name for name in (*CREDENTIALS, *sorted(keys)) if variables.get(name)]
    user = stored_user(os.environ)
    if present:
        names = (f"{name} ({variables.place(name)})" for name in dict.fromkeys(present))
        yield ok(About.CREDENTIALS, ", ".join(names))
    if user:
        text = f"Copilot has stored a login of {user}; only a task shows whether it still holds"
        yield ok(About.CREDENTIALS, text)
    if not (present or user or config.provider_of("copilot")):
        hint = "log in to your agent (`copilot login`), or set GH_TOKEN or a provider's key"
        text = "none in the environment, and no stored login of Copilot"
        yield warn(About.CREDENTIALS, text, hint)
    yield from _link(config, variables, user)
    yield from _lacking(config, variables)


def _link(config: Config, variables: Variables, user: str | None) -> Iterator[Finding]:
    """Say which link of its chain Copilot would use, where there is one."""
    from deputize.agents.providers import served
    from deputize.agents.registry import settings_for

    named = config.provider_of("copilot")
    try:
        found = served(settings_for("copilot", config.agents), config, variables, provider=named)
    except ConfigError as error:
        if named is None:  # what settings name is looked at with the other providers
            yield failed(About.CREDENTIALS, error)
        return
    if found.provider or found.secrets or user:
        yield ok(About.CREDENTIALS, f"copilot uses {found.link}")


def _lacking(config: Config, variables: Variables) -> Iterator[Finding]:
    """Find the providers whose key can't be had."""
    from deputize.agents.keys import read_key

    for name, provider in config.providers.items():
        try:
            read_key(name, provider, variables)
        except ConfigError as error:
            yield warn(About.CREDENTIALS, error.message, error.hint)
