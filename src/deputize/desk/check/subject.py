"""What is checked: an agent as it is set up here, with the login or the provider it is to use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from deputize.agents.providers import byok, served
from deputize.agents.registry import agent_from, settings_for
from deputize.config.dotenv import read_variables
from deputize.config.load import load_config
from deputize.errors import ConfigError, InvalidInput, NotFound
from deputize.redaction import Redactor
from deputize.redaction.known import secrets_among

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Agent, Found, Provider
    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config, SandboxSettings
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
    variables: Variables
    state: Path
    home: Path
    sandbox: SandboxSettings

    @property
    def kind(self) -> str:
        """What kind of agent it is."""
        return self.settings.kind or "command"

    @property
    def redactor(self) -> Redactor:
        """What takes its keys, and other secrets that are set here, out of what is told."""
        return Redactor((*self.secrets.values(), *secrets_among(self.variables.all)))


def subject_of(home: Home, name: str, wanted: Wanted) -> Subject:
    """Say what is to be checked; starts nothing.

    Raises NotFound for an agent or a provider that is not there, ConfigError for settings with
    which no task could be done either.
    """
    config, variables = load_config(home.config), read_variables(home)
    settings = settings_for(name, config.agents)
    agent = agent_from(name, settings, variables.all)
    chosen = _provider(config, name, settings, wanted, variables)
    using = served(settings, config, variables, provider=chosen, model=wanted.model)
    if using.provider is not None and settings.kind in MODEL_NEEDED and using.model is None:
        hint = f"`--model NAME`, or `model` under [agents.{name}] in config.toml"
        raise ConfigError(f"the provider {using.provider.name} needs a model", hint=hint)
    return Subject(
        name=name,
        settings=settings,
        agent=agent,
        found=agent.find(),
        provider=using.provider,
        model=using.model,
        link=using.link,
        secrets=using.secrets,
        variables=variables,
        state=home.agents / name,
        home=home.path,
        sandbox=config.sandbox,
    )


def _provider(
    config: Config, agent: str, settings: AgentSettings, wanted: Wanted, variables: Variables
) -> str | None:
    """Return the provider that is to be used; None for that of variables, or a login."""
    own = config.provider_of(agent)
    described = byok(variables) if settings.kind == "copilot" and own is None else None
    asked = wanted.provider
    if wanted.byok and asked is None and described is None:
        asked = own or _only(config, agent)
    if asked and settings.kind == "acp":
        hint = "leave --byok and --provider out"
        raise InvalidInput(f"{agent} chooses its own provider: none can be forced", hint=hint)
    name = asked or own
    if name is not None and name not in config.providers:
        known = ", ".join(config.providers) or "none"
        if wanted.provider:
            raise NotFound(f"no provider is called {name!r}", hint=f"there are: {known}")
        raise ConfigError(f"the provider {name} of {agent} is not configured", hint=_TABLE)
    return name


_TABLE = "write a [providers.NAME] table in config.toml, or set COPILOT_BYOK_PROVIDER"


def _only(config: Config, agent: str) -> str:
    """Return the only provider that there is; ConfigError where there is another number."""
    if len(config.providers) == 1:
        return next(iter(config.providers))
    if not config.providers:
        raise ConfigError("no provider is configured", hint=_TABLE)
    known = ", ".join(config.providers)
    hint = f"`deputize check {agent} --provider NAME`; there are: {known}"
    raise ConfigError(f"{agent} has no provider of its own, and there are several", hint=hint)
