"""How a Copilot session gets at a model: one's own provider, a token of GitHub, a stored login.

They are a chain: the first link that is there counts. All of it belongs to the session; the program
that serves the sessions is never told a secret.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.agents.base import Job, Provider

TOKEN_VARIABLES = ("COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN")
"""Where a token of GitHub is looked for, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """What a session is given; with neither, the login that is stored on this machine is used."""

    token: str | None = field(default=None, repr=False)
    provider: Mapping[str, str] | None = field(default=None, repr=False)

    @property
    def is_stored(self) -> bool:
        """Tell whether the login that is stored on this machine is used."""
        return self.token is None and self.provider is None


def login_of(job: Job) -> Login:
    """Choose the login of a job; raises AgentError where its provider lacks a key or a model."""
    known = {**job.environment, **job.secrets}
    if job.provider is not None:
        if job.model is None:
            message = f"the provider {job.provider.name} needs a model: `add --model` names one"
            raise AgentError(Outcome.AGENT_ERROR, message)
        return Login(provider=_provider(job.provider, known))
    variable = token_variable(known)
    return Login(token=None if variable is None else known[variable])


def token_variable(known: Mapping[str, str]) -> str | None:
    """Return the variable whose token counts; None where none of them has one."""
    return next((name for name in TOKEN_VARIABLES if known.get(name)), None)


def _provider(provider: Provider, known: Mapping[str, str]) -> dict[str, str]:
    told = {"type": provider.type, "base_url": provider.base_url}
    if provider.type == "ollama":
        told = {"type": "openai", "base_url": provider.base_url, "model_provider": "ollama"}
    if provider.wire is not None:
        told["wire_api"] = provider.wire
    if provider.key_variable is not None:
        key = known.get(provider.key_variable)
        if not key:
            message = f"the key of provider {provider.name} is missing: set {provider.key_variable}"
            raise AgentError(Outcome.AUTH_FAILED, message)
        told["api_key"] = key
    return told
