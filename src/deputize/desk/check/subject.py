"""What is checked: an agent as it is set up here, with the login or the provider it is to use."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deputize.agents.base import Found, Provider
from deputize.agents.registry import agent_from, link_of, secret_variables, settings_for
from deputize.config.load import load_config
from deputize.errors import ConfigError, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Agent
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.agent import AgentSettings

LIMIT_SECONDS = 30
MODEL_NEEDED = frozenset({"copilot", "codex"})
"""Kinds that know no model of a provider by themselves."""


class Wanted(NamedTuple):
    """How a person wants an agent checked."""

    byok: bool = False
    """With the provider that is configured, instead of the agent's login."""
    provider: str | None = None
    model: str | None = None
    limit_seconds: float = LIMIT_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An agent that is about to be checked."""

    name: str
    settings: AgentSettings
    agent: Agent
    found: Found
    provider: Provider | None
    model: str | None
    link: str
    secrets: Mapping[str, str] = field(repr=False)
    state: Path

    @property
    def kind(self) -> str:
        """What kind of agent it is."""
        return self.settings.kind or "command"


def subject_of(home: Home, name: str, wanted: Wanted) -> Subject:
    """Say what is to be checked; starts nothing.

    Raises NotFound for an agent or a provider that is not there, ConfigError for settings with
    which no task could be done either.
    """
    config = load_config(home.config)
    settings = settings_for(name, config.agents)
    agent = agent_from(name, settings)
    provider = _provider(config, name, settings, wanted)
    model = wanted.model or settings.model
    if provider is not None and settings.kind in MODEL_NEEDED and model is None:
        hint = f"`--model NAME`, or `model` under [agents.{name}] in config.toml"
        raise ConfigError(f"the provider {provider.name} needs a model", hint=hint)
    return Subject(
        name=name,
        settings=settings,
        agent=agent,
        found=agent.find(),
        provider=provider,
        model=model,
        link=link_of(settings, provider, os.environ),
        secrets=_secrets(settings, provider),
        state=home.agents / name,
    )


def _provider(
    config: Config, agent: str, settings: AgentSettings, wanted: Wanted
) -> Provider | None:
    asked = wanted.provider or (_own(config, agent, settings) if wanted.byok else None)
    if asked and settings.kind == "acp":
        hint = "leave --byok and --provider out"
        raise InvalidInput(f"{agent} chooses its own provider: none can be forced", hint=hint)
    name = asked or settings.provider
    if name is None:
        return None
    if name not in config.providers:
        known = ", ".join(config.providers) or "none"
        if wanted.provider:
            raise NotFound(f"no provider is called {name!r}", hint=f"there are: {known}")
        raise ConfigError(f"the provider {name} of {agent} is not configured", hint=_TABLE)
    return provider_from(config, name)


_TABLE = "write a [providers.NAME] table in config.toml"


def _own(config: Config, agent: str, settings: AgentSettings) -> str:
    """Return the provider of an agent, else the only one that there is."""
    if settings.provider:
        return settings.provider
    if len(config.providers) == 1:
        return next(iter(config.providers))
    if not config.providers:
        raise ConfigError("no provider is configured", hint=_TABLE)
    known = ", ".join(config.providers)
    hint = f"`deputize check {agent} --provider NAME`; there are: {known}"
    raise ConfigError(f"{agent} has no provider of its own, and there are several", hint=hint)


def provider_from(config: Config, name: str) -> Provider:
    """Return a provider that is configured, as agents are told of it."""
    settings = config.providers[name]
    return Provider(
        name=name,
        type=settings.type,
        base_url=settings.base_url,
        key_variable=settings.key_variable,
        wire=settings.wire,
    )


def _secrets(settings: AgentSettings, provider: Provider | None) -> dict[str, str]:
    names = secret_variables(settings, provider)
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    key = provider.key_variable if provider else None
    if provider and key and key not in found:
        message = f"{key} is not set, and provider {provider.name} needs it"
        raise ConfigError(message, hint=f"export {key}=…")
    return found
