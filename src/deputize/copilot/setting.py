"""What a request means with home's settings: which login, which environment, which gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize import log
from deputize.agents.base import Job, Provider
from deputize.agents.copilot.login import TOKEN_VARIABLES
from deputize.agents.registry import secret_variables, settings_for
from deputize.copilot.gathering import failed
from deputize.copilot.request import ProviderConfig, check
from deputize.errors import InvalidInput
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict
from deputize.workspace.processes.environment import agent_environment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Gate
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.copilot.request import CodingTaskRequest
    from deputize.model.agent import AgentSettings
    from deputize.model.policy import Action, Decision

AGENT = "copilot"
OWN_KEY = "COPILOT_BYOK_API_KEY"
"""What the key of a request's own provider is called on its way to the session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Home's settings, and the environment in which they are read."""

    home: Home
    config: Config
    source: Mapping[str, str]

    @property
    def state(self) -> Path:
        """The folder of Copilot's sessions."""
        return self.home.agents / AGENT

    @property
    def agent(self) -> AgentSettings:
        """How Copilot is set up."""
        return settings_for(AGENT, self.config.agents)

    @property
    def uses_stored_login(self) -> bool:
        """Tell whether a request without a provider has only the login of this machine."""
        has_token = any(self.source.get(name) for name in TOKEN_VARIABLES)
        return self.agent.provider is None and not has_token

    @property
    def environment(self) -> dict[str, str]:
        """What Copilot's programs see."""
        return agent_environment(self.agent.env, {}, self.source)

    def job(self, request: CodingTaskRequest) -> Job:
        """Make the job of a request; InvalidInput, ConfigError or AgentError where it can't be."""
        folder, settings = check(request), self.agent
        provider, secrets = self._provider(request, settings.provider)
        own = request.provider.model if isinstance(request.provider, ProviderConfig) else None
        wanted = secret_variables(settings, provider)
        known = {name: self.source[name] for name in wanted if name in self.source}
        model = request.model or own or settings.model
        if provider is not None and model is None:
            hint = "name it in the request, or set `model` under [agents.copilot]"
            message = f"model: provider {provider.name} needs one"
            raise InvalidInput(message, hint=hint, field="model")
        return Job(
            prompt=request.prompt,
            workspace=folder,
            environment=self.environment,
            secrets={**known, **secrets},
            session=request.session_id,
            model=model,
            provider=provider,
            state=self.state,
            streaming=request.streaming,
        )

    def _provider(
        self, request: CodingTaskRequest, default: str | None
    ) -> tuple[Provider | None, Mapping[str, str]]:
        """Return the provider of a request, and the key that the request itself brings."""
        given = request.provider
        if isinstance(given, ProviderConfig):
            key = None if given.api_key is None else OWN_KEY
            provider = Provider(
                name="of the request",
                type=given.type,
                base_url=given.base_url,
                key_variable=key,
                wire=given.wire,
            )
            return provider, {OWN_KEY: given.api_key} if given.api_key is not None else {}
        name = given or default
        if name is None:
            return None, {}
        settings = self.config.providers.get(name)
        if settings is None:
            hint = f"write [providers.{name}] in {self.home.config}"
            raise failed(Outcome.AUTH_FAILED, f"provider {name} is not configured", hint)
        return Provider(name=name, **settings._asdict()), {}

    def gate(self, request: CodingTaskRequest, folder: Path) -> Gate:
        """Make the gate of a request: what home lets its role do, and no more than it asks for."""
        role = self.config.role(request.role)
        if role is None:
            hint = f"write [roles.{request.role}] in {self.home.config}"
            raise InvalidInput(f"role: there is no role {request.role!r}", hint=hint, field="role")
        allowed = [set(tools) for tools in (role.tools, request.tools) if tools is not None]
        bounds = Bounds(
            workspace=str(folder.resolve()),
            may_write=role.change != "forbidden",
            own=(str(self.state.resolve()),),
            tools=frozenset(set.intersection(*allowed)) if allowed else None,
        )
        return gate_for(bounds, _note)


async def _note(action: Action, decision: Decision) -> None:
    if decision.verdict is not Verdict.ALLOW:
        log.get("bridge").info("denied", tool=action.name, what=action.summary, rule=decision.rule)
