"""By whom a model is served: what settings and variables say, made into what an agent is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from deputize.agents.base import Provider
from deputize.agents.claude.login import LOGIN_VARIABLES
from deputize.agents.copilot.login import TOKEN_VARIABLES
from deputize.agents.keys import key_place, read_key
from deputize.config.settings import CHOICES, ProviderSettings
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.agent import AgentSettings

TYPES = CHOICES["providers.*.type"]
BYOK = "COPILOT_BYOK"
"""The provider that variables alone describe, for Copilot; its variables begin with this."""
BYOK_PROVIDER, BYOK_KEY = f"{BYOK}_PROVIDER", f"{BYOK}_API_KEY"
BYOK_URL, BYOK_MODEL = f"{BYOK}_BASE_URL", f"{BYOK}_MODEL"
OWN_LOGIN = "a login of its own"
STORED_LOGIN = "the login that Copilot has stored"
LOGINS = {
    "copilot": (TOKEN_VARIABLES, STORED_LOGIN),
    "claude": (LOGIN_VARIABLES, "the login that Claude Code has stored"),
}
"""By kind of agent: the variables of a login of one's own in order, and what else is used."""
USUAL_VARIABLES = {
    "openai": "OPENAI_API_KEY",
    "azure": "AZURE_OPENAI_API_KEY",
    "anthropic": "ANTHROPIC_API_KEY",
    "ollama": "OLLAMA_API_KEY",
}
"""The variable in which programs of others look for a key, by type of provider."""
USUAL_URLS = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
    "ollama": "http://localhost:11434/v1",
}
"""Where a type is served if nothing else is said; everybody's Azure is elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What an agent needs to have its model served."""

    provider: Provider | None = None
    """None where it uses a login of its own."""
    model: str | None = None
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """Keys and tokens by the name of a variable."""
    link: str = OWN_LOGIN
    """Which link of the chain of credentials that is, for people; never a secret."""


def served(
    agent: AgentSettings,
    config: Config,
    variables: Variables,
    *,
    provider: str | None,
    model: str | None = None,
) -> Served:
    """Find out what serves an agent: the named provider, one of variables, or a login.

    `model` is what the task asks for. Raises ConfigError where a provider can't be used.
    """
    name, settings = _chosen(agent, config, variables, provider)
    if settings is None:
        return _logged_in(agent, variables, model or agent.model)
    key = read_key(name, settings, variables)
    variable = settings.key_variable or USUAL_VARIABLES[settings.type]
    told = Provider(
        name=name,
        type=settings.type,
        base_url=settings.base_url,
        key_variable=variable if key else None,
        wire=settings.wire,
    )
    return Served(
        provider=told,
        model=model or _model(name, settings, agent),
        secrets={variable: key} if key else {},
        link=_link(name, settings, variables.home),
    )


def _chosen(
    agent: AgentSettings, config: Config, variables: Variables, name: str | None
) -> tuple[str, ProviderSettings | None]:
    if name is None:
        return BYOK, byok(variables) if agent.kind == "copilot" else None
    if name not in config.providers:
        hint = f"`deputize provider add {name}` makes it known"
        raise ConfigError(f"provider {name} is not configured", hint=hint)
    return name, config.providers[name]


def _model(name: str, settings: ProviderSettings, agent: AgentSettings) -> str | None:
    """Choose the model: an agent's own was chosen for its own provider, not for another one."""
    if agent.provider == name:
        return agent.model or settings.model
    return settings.model or agent.model


def _link(name: str, settings: ProviderSettings, home: Home) -> str:
    place = settings.key_variable or key_place(name, settings, home)
    return f"provider {name}, " + (f"key in {place}" if place else "without a key")


def _logged_in(agent: AgentSettings, variables: Variables, model: str | None) -> Served:
    """Say what serves an agent that no provider serves."""
    if agent.kind not in LOGINS:
        return Served(model=model)
    names, stored = LOGINS[agent.kind]
    found = {name: token for name in names if (token := variables.get(name))}
    variable = next(iter(found), None)
    link = stored if variable is None else f"token in {variable}"
    return Served(model=model, secrets=found, link=link)


def byok(variables: Variables) -> ProviderSettings | None:
    """Return the provider that `COPILOT_BYOK_…` describe, None where they name none.

    Raises ConfigError where they don't go together.
    """
    kind = variables.get(BYOK_PROVIDER)
    if kind is None:
        return None
    if kind not in TYPES:
        # A key in the wrong place is not repeated.
        message = f"{BYOK_PROVIDER} must be one of {', '.join(TYPES)}"
        raise ConfigError(message, hint=f"look at {variables.place(BYOK_PROVIDER)}")
    url = variables.get(BYOK_URL) or USUAL_URLS.get(kind)
    if url is None:
        hint = f"set {BYOK_URL}, such as https://NAME.openai.azure.com"
        raise ConfigError(f"{BYOK_URL} is not set, and {kind} needs it", hint=hint)
    key = BYOK_KEY if variables.get(BYOK_KEY) else None
    return ProviderSettings(
        type=kind, base_url=url, key_variable=key, model=variables.get(BYOK_MODEL)
    )
