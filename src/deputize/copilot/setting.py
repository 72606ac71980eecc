"""What a request means with home's settings: which login, which environment, which gate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize import log
from deputize.agents.base import Job, Provider
from deputize.agents.providers import BYOK_KEY, Served, served
from deputize.agents.registry import settings_for
from deputize.copilot.gathering import failed
from deputize.copilot.request import CodingTaskRequest, ProviderConfig, check
from deputize.errors import ConfigError, InvalidInput
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.gate.holding import in_workspace, secret_places
from deputize.model.outcome import Outcome
from deputize.model.policy import Verdict
from deputize.model.ruleset import Subject
from deputize.workspace.processes.environment import agent_environment

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.agents.base import Gate
    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.gate.ask import Narrow
    from deputize.model.agent import AgentSettings
    from deputize.model.policy import Action, Decision

AGENT = "copilot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Home's settings, and the variables beside them."""

    home: Home
    config: Config
    source: Variables

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
        found = self.served(CodingTaskRequest(prompt=""))
        return found.provider is None and not found.secrets

    @property
    def environment(self) -> dict[str, str]:
        """What Copilot's programs see."""
        return agent_environment(self.agent.env, {}, self.source.all)

    def job(self, request: CodingTaskRequest) -> Job:
        """Make the job of a request; InvalidInput, ConfigError or AgentError where it can't be."""
        folder, found = check(request), self.served(request)
        if found.provider is not None and found.model is None:
            hint = "name it in the request, or set `model` under [agents.copilot]"
            message = f"model: provider {found.provider.name} needs one"
            raise InvalidInput(message, hint=hint, field="model")
        return Job(
            prompt=request.prompt,
            workspace=folder,
            environment=self.environment,
            secrets=found.secrets,
            session=request.session_id,
            model=found.model,
            provider=found.provider,
            state=self.state,
            streaming=request.streaming,
        )

    def served(self, request: CodingTaskRequest) -> Served:
        """Find out what serves a request; AgentError where its provider can't be used."""
        given = request.provider
        if isinstance(given, ProviderConfig):
            return self._brought(given, request.model)
        name = given or self.config.provider_of(AGENT, request.role)
        try:
            return served(self.agent, self.config, self.source, provider=name, model=request.model)
        except ConfigError as error:
            raise failed(Outcome.AUTH_FAILED, error.message, error.hint or "") from error

    def _brought(self, given: ProviderConfig, model: str | None) -> Served:
        """Return what serves a request that brings a provider, and its key, itself."""
        provider = Provider(
            name="of the request",
            type=given.type,
            base_url=given.base_url,
            key_variable=None if given.api_key is None else BYOK_KEY,
            wire=given.wire,
        )
        return Served(
            provider=provider,
            model=model or given.model or self.agent.model,
            secrets={} if given.api_key is None else {BYOK_KEY: given.api_key},
            link="the provider of the request",
        )

    def gate(self, request: CodingTaskRequest, folder: Path, narrow: Narrow) -> Gate:
        """Make the gate of a request: what home lets its role do, and no more than it asks for.

        `narrow` makes its answers stricter.
        """
        role = self.config.role(request.role)
        if role is None:
            hint = f"write [roles.{request.role}] in {self.home.config}"
            raise InvalidInput(f"role: there is no role {request.role!r}", hint=hint, field="role")
        allowed = [set(tools) for tools in (role.tools, request.tools) if tools is not None]
        workspace = folder.resolve()
        subject = Subject(role=request.role, agent=AGENT, places=(str(workspace),))
        bounds = Bounds(
            workspace=str(workspace),
            may_write=role.change != "forbidden",
            own=(str(self.state.resolve()),),
            tools=frozenset(set.intersection(*allowed)) if allowed else None,
            policy=in_workspace(self.config.policy_for(subject), workspace),
            hidden=secret_places(workspace, self.home.path),
        )
        return gate_for(bounds, _note, narrow)


async def _note(action: Action, decision: Decision) -> None:
    if decision.verdict is not Verdict.ALLOW:
        log.get("bridge").info("denied", tool=action.name, what=action.summary, rule=decision.rule)
