"""Every adapter with a program that it drives, set up alike, and what a run of it shows."""

from __future__ import annotations

import json
import secrets
import shutil
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.base import (
    AgentEvent,
    Job,
    ProcessStarted,
    Provider,
    Said,
    SessionStarted,
    ToolFinished,
    Used,
)
from deputize.agents.claude.agent import ClaudeAgent
from deputize.agents.codex.agent import CodexAgent
from deputize.agents.command.agent import CommandAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.agents.pool.pool import Pool
from deputize.demo.model import MODEL_NAME, Script, ScriptedModel
from deputize.model.agent import BUILT_IN_AGENTS, AgentSettings
from deputize.model.attempt import Usage
from deputize.model.policy import Action, Decision, Verdict
from tests.agents.scenes import SCRIPT
from tests.fixtures.pools import USUAL
from tests.fixtures.programs import (
    REPOSITORY,
    find_claude,
    find_codex,
    find_codex_acp,
    find_copilot,
    find_copilot_runtime,
    find_goose,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import anyio

    from deputize.agents.base import Agent, Gate, Report
    from deputize.clock import Clock

TINY_AGENT = Path(__file__).with_name("tiny_agent.py")
MARKER = secrets.token_hex(8)
"""Of this test process alone: another one must not end our programs for its own."""
POOL = secrets.token_hex(8)
"""What marks the programs that the attempts of this test process share."""
PATIENCE_SECONDS = 0.5
ALLOW = Decision(verdict=Verdict.ALLOW, rule="test", reason="all is allowed")
DENY = Decision(verdict=Verdict.DENY, rule="test", reason="nothing is allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One adapter with its program."""

    name: str
    make: Callable[[Clock], Agent]
    variables: Callable[[ScriptedModel], dict[str, str]]
    provider: Callable[[ScriptedModel], Provider | None] = lambda _: None
    asks: bool = True
    """Its tool calls go through the gate."""
    hides_processes: bool = False
    """Its commands run where they see no process number of the outside."""
    resumes: bool = True
    reports_usage: str = "calls"
    """`calls` (of each), `turn` (one sum), `sum` (the same, but for what of it was reasoning),
    `last` (of the last call only), `no`."""
    tells_limits: str = "end"
    """`end` (with when a limit ends), `yes` (without), `no` (for a minute at least)."""
    script: Script = SCRIPT
    runs_commands: bool = True
    """Its model can have it run a command of the shell."""
    shows_commands: bool = False
    """What these print goes through a terminal of its own first."""
    home: Mapping[str, str] = field(default_factory=dict)
    """Files of its own settings, below its home."""
    needs_git: bool = False
    adds_words: bool = False
    """Words of the program itself come after the model's last ones."""
    keeps_short: str = ""
    """Why it can't give the model's long answer as it is, where it can't."""
    keeps_output: bool = False
    """What it writes of a run has all that commands printed, and is too long to be read then."""


@dataclass(slots=True, kw_only=True)
class Run:
    """What one run of an agent showed."""

    events: list[AgentEvent] = field(default_factory=list)
    asked: list[Action] = field(default_factory=list)
    report: Report | None = None

    def said(self) -> str:
        """Return everything the agent said."""
        return "".join(each.text for each in self.events if isinstance(each, Said))

    def tools(self) -> list[ToolFinished]:
        """Return the tool calls that ended."""
        return [each for each in self.events if isinstance(each, ToolFinished)]

    def usage(self) -> Usage:
        """Return the sum of all usage."""
        total = Usage()
        for each in self.events:
            if isinstance(each, Used):
                total = total.plus(each.usage)
        return total

    def pids(self) -> list[int]:
        """Return the processes that were announced."""
        return [each.pid for each in self.events if isinstance(each, ProcessStarted)]

    def sessions(self) -> list[str]:
        """Return the sessions that were announced."""
        return [each.token for each in self.events if isinstance(each, SessionStarted)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """An adapter, a scripted model, and folders to work in."""

    kind: Kind
    agent: Agent
    model: ScriptedModel
    environment: dict[str, str]
    workspace: Path
    state: Path

    def job(
        self, prompt: str, *, session: str | None = None, launcher: tuple[str, ...] = ()
    ) -> Job:
        """Make a job of a prompt."""
        # The model's clock of limits aside, everything an agent sees is in here.
        return Job(
            prompt=prompt,
            workspace=self.workspace,
            environment={
                **self.environment,
                **self.kind.variables(self.model),
                "DEPUTIZE_ATTEMPT": MARKER,
            },
            secrets={"SCRIPTED_KEY": "dummy"},
            session=session,
            model=MODEL_NAME if self.kind.provider(self.model) else None,
            provider=self.kind.provider(self.model),
            state=self.state,
            launcher=launcher,
        )

    async def run(
        self,
        job: Job,
        *,
        decision: Decision = ALLOW,
        gate: Gate | None = None,
        started: anyio.Event | None = None,
        run: Run | None = None,
    ) -> Run:
        """Run the agent and keep what it shows; `started` is set when its process runs.

        Its tool calls are put to `gate`, without one they are all answered by `decision`.
        """
        run = run or Run()

        def emit(event: AgentEvent) -> None:
            run.events.append(event)
            if started is not None and isinstance(event, ProcessStarted):
                started.set()

        async def asked(action: Action) -> Decision:
            run.asked.append(action)
            return decision if gate is None else await gate(action)

        run.report = await self.agent.run(job, asked, emit)
        return run


def _command(clock: Clock) -> Agent:
    settings = AgentSettings(command=(sys.executable, "-I", str(TINY_AGENT)))
    return CommandAgent("command", settings, clock)


def _copilot(clock: Clock) -> Agent:
    path = str(find_copilot_runtime())
    return CopilotAgent(path=path, patience_seconds=PATIENCE_SECONDS, clock=clock)


def _copilot_shared(clock: Clock) -> Agent:
    path = str(find_copilot_runtime())
    pool = Pool(USUAL, mark=POOL)
    return CopilotAgent(path=path, patience_seconds=PATIENCE_SECONDS, clock=clock, pool=pool)


def openai_provider(model: ScriptedModel) -> Provider:
    """Return the scripted model as a provider of type openai."""
    return Provider(
        name="scripted", type="openai", base_url=model.openai_url, key_variable="SCRIPTED_KEY"
    )


def _codex(clock: Clock) -> Agent:
    return CodexAgent(path=str(find_codex()), patience_seconds=PATIENCE_SECONDS, clock=clock)


def _copilot_acp(clock: Clock) -> Agent:
    return AcpAgent("copilot-acp", (str(find_copilot()), "--acp"), clock)


def _shared(make: Callable[[Clock], Agent]) -> Callable[[Clock], Agent]:
    """Give an agent of the Agent Client Protocol a pool, which whoever uses it has to tend."""

    def with_pool(clock: Clock) -> Agent:
        agent = make(clock)
        assert isinstance(agent, AcpAgent)
        agent.pool = Pool(USUAL, mark=POOL)
        return agent

    return with_pool


def _copilot_variables(model: ScriptedModel) -> dict[str, str]:
    return {
        "COPILOT_OFFLINE": "true",
        "COPILOT_PROVIDER_BASE_URL": model.openai_url,
        "COPILOT_PROVIDER_API_KEY": "dummy",
        "COPILOT_MODEL": MODEL_NAME,
        "COPILOT_AUTO_UPDATE": "false",
        "COPILOT_CACHE_HOME": str(REPOSITORY / ".cache" / "copilot"),
    }


def _codex_acp(clock: Clock) -> Agent:
    command = (shutil.which("node") or "node", str(find_codex_acp()))
    return AcpAgent("codex-acp", command, clock, version=2)


def _codex_acp_variables(model: ScriptedModel) -> dict[str, str]:
    served = {
        "name": "scripted",
        "base_url": model.openai_url,
        "wire_api": "responses",
        "supports_websockets": False,
        "env_key": "SCRIPTED_KEY",
        "request_max_retries": 0,
    }
    settings = {
        "model": MODEL_NAME,
        "model_provider": "scripted",
        "model_providers": {"scripted": served},
        "features": {"plugins": False},
        "analytics": {"enabled": False},
    }
    return {
        "CODEX_PATH": str(find_codex()),
        "CODEX_CONFIG": json.dumps(settings),
        "MODEL_PROVIDER": "scripted",
        "NO_BROWSER": "1",
    }


def _goose(clock: Clock) -> Agent:
    command = (str(find_goose()), "acp", "--with-builtin", "developer")
    return AcpAgent("goose", command, clock)


def _goose_variables(model: ScriptedModel) -> dict[str, str]:
    return {
        "GOOSE_PROVIDER": "openai",
        "GOOSE_MODEL": MODEL_NAME,
        "OPENAI_API_KEY": "dummy",
        "OPENAI_HOST": model.base_url,
        "GOOSE_DISABLE_KEYRING": "1",
        "GOOSE_TELEMETRY_ENABLED": "false",
    }


def _claude(clock: Clock) -> Agent:
    return ClaudeAgent(path=str(find_claude()), clock=clock)


def claude_provider(model: ScriptedModel) -> Provider:
    """Return the scripted model as a provider that Claude Code takes."""
    return Provider(
        name="scripted", type="anthropic", base_url=model.base_url, key_variable="SCRIPTED_KEY"
    )


def settings_of(agent: Agent) -> AgentSettings:
    """Return how an agent of a rig would be set up, as far as a sandbox has to know."""
    if isinstance(agent, CommandAgent):
        return agent._settings._replace(kind="command")
    if not isinstance(agent, AcpAgent):
        return BUILT_IN_AGENTS[agent.name]
    of_others = {"copilot-acp": "copilot", "codex-acp": "codex", "goose": "goose"}
    known = BUILT_IN_AGENTS[of_others[agent.name]]
    return AgentSettings(kind="acp", command=agent.command, keeps=known.keeps, nests=known.nests)


COMMAND = Kind(
    name="command",
    make=_command,
    variables=lambda model: {"MODEL_URL": model.openai_url},
    asks=False,
    resumes=False,
    reports_usage="no",
)
COPILOT = Kind(
    name="copilot",
    make=_copilot,
    variables=lambda _: {},
    provider=openai_provider,
)
COPILOT_SHARED = replace(COPILOT, name="copilot-shared", make=_copilot_shared)
CODEX = Kind(
    name="codex",
    make=_codex,
    variables=lambda _: {},
    provider=openai_provider,
    asks=False,
    hides_processes=sys.platform == "linux",
    reports_usage="turn",
)
COPILOT_ACP = Kind(
    name="copilot-acp",
    tells_limits="no",
    make=_copilot_acp,
    variables=_copilot_variables,
    reports_usage="turn",
)
COPILOT_ACP_SHARED = replace(COPILOT_ACP, name="copilot-acp-shared", make=_shared(_copilot_acp))
CODEX_ACP = Kind(
    name="codex-acp",
    tells_limits="yes",
    make=_codex_acp,
    variables=_codex_acp_variables,
    asks=False,
    hides_processes=sys.platform == "linux",
    reports_usage="turn",
)
CODEX_ACP_SHARED = replace(CODEX_ACP, name="codex-acp-shared", make=_shared(_codex_acp))
CLAUDE = Kind(name="claude", make=_claude, variables=lambda _: {}, provider=claude_provider)
GOOSE = Kind(name="goose", make=_goose, variables=_goose_variables, reports_usage="last")
GOOSE_SHARED = replace(GOOSE, name="goose-shared", make=_shared(_goose))
