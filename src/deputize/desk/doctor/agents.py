"""Looks at agents, and at what they need to log in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk.doctor.finding import About, Finding, fail, ok, warn
from deputize.errors import StoreError
from deputize.model.agent_check import UNFIT_HINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home

CREDENTIALS = (
    "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
)  # fmt: skip


def agents(home: Home) -> Iterator[Finding]:
    """Find the program of each agent, and whether that version obeyed the gate when checked.

    That of the agent that tasks go to has to be there, and to be fit for them.
    """
    from deputize.desk.agents import check_words, found_here, listing

    try:
        found = listing(home)
    except StoreError:
        found = found_here(home)  # the store is looked at for itself
    for agent in found:
        about = f"{About.AGENT} {agent.name}"
        bad = fail if agent.default else warn
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
    """Look for names only: no secret is read, let alone shown."""
    from deputize.agents.copilot.stored import stored_user

    config = load_config(home.config)
    keys = {each.key_variable for each in config.providers.values() if each.key_variable}
    present = [name for name in (*CREDENTIALS, *sorted(keys)) if name in os.environ]
    user = stored_user(os.environ)
    if present:
        yield ok(About.CREDENTIALS, ", ".join(dict.fromkeys(present)))
    if user:
        text = f"Copilot has stored a login of {user}; only a task shows whether it still holds"
        yield ok(About.CREDENTIALS, text)
    if not (present or user):
        hint = "log in to your agent (`copilot login`), or set GH_TOKEN or a provider's key"
        text = "none in the environment, and no stored login of Copilot"
        yield warn(About.CREDENTIALS, text, hint)
    for name, provider in config.providers.items():
        key = provider.key_variable
        if key and key not in os.environ:
            yield warn(About.CREDENTIALS, f"provider {name} needs {key}", f"export {key}=…")
