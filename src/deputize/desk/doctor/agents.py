"""Looks at agents, and at what they need to log in."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk.doctor.finding import About, Finding, fail, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.home import Home

CREDENTIALS = (
    "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN", "OPENAI_API_KEY", "ANTHROPIC_API_KEY",
    "AZURE_OPENAI_API_KEY",
)  # fmt: skip


def agents(home: Home) -> Iterator[Finding]:
    """Find the program of each agent; that of the one that tasks go to has to be there."""
    from deputize.desk.agents import listing

    for agent in listing(home):
        about = f"{About.AGENT} {agent.name}"
        if agent.problem is None:
            version = f" ({agent.version})" if agent.version else ""
            yield ok(about, f"{agent.path}{version}")
        elif agent.default:
            yield fail(about, agent.problem, agent.hint)
        else:
            yield warn(about, agent.problem, agent.hint)


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
