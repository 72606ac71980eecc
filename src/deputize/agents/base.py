"""The seam between a worker and any coding agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from deputize.agents.output import ANSWER_CHARACTERS
from deputize.model.agent_check import CheckStep, StepState
from deputize.model.policy import Action, Decision

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from deputize.model.attempt import Usage
    from deputize.model.outcome import Outcome

Gate = Callable[[Action], Awaitable[Decision]]
"""Asked before each tool call; an adapter carries out what it answers (`ask` counts as deny)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a model is served, when it isn't the agent's own login."""

    name: str
    type: str
    """`openai`, `azure`, `anthropic` or `ollama`."""
    base_url: str
    key_variable: str | None = None
    """The environment variable that holds the key; the key itself is kept nowhere."""
    wire: str | None = None
    """`completions` or `responses`, for providers of type openai."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What an agent is given: one prompt, one folder, one environment."""

    prompt: str
    workspace: Path
    environment: Mapping[str, str]
    """Complete and already scrubbed: an adapter adds only what its own program needs."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Keys by variable name, for the provider in use."""
    session: str | None = None
    """A session of this agent to resume."""
    begins: bool = False
    """Nothing has been said in the session yet: it is to be begun under this name."""
    short_prompt: str | None = None
    """What is said in place of the prompt to who goes on in `session`, and remembers the rest."""
    model: str | None = None
    provider: Provider | None = None
    state: Path | None = None
    """A folder that outlives the attempt, for the agent's own session files."""
    may_write: bool = True
    """Whether files may change; an agent that has a sandbox of its own sets it by this."""
    launcher: tuple[str, ...] = ()
    """What an adapter puts before its program's arguments: that starts it in the sandbox."""
    answer_characters: int = ANSWER_CHARACTERS
    """How much of the answer is kept, from its end."""
    streaming: bool = True
    """Whether what the model says is wanted piece by piece, where the agent can do either."""

    @property
    def said(self) -> str:
        """What is said to the agent: the short prompt only where there is a session to go on in.

        An adapter that has to begin another one takes `session` out of the job before.
        """
        goes_on = self.session is not None and not self.begins
        return self.short_prompt if goes_on and self.short_prompt is not None else self.prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A piece of what the agent says or, where it tells that too, thinks."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """The agent began a tool call."""

    id: str
    name: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """A tool call ended; `output` is what it gave back, or its beginning."""

    id: str
    name: str
    ok: bool
    denied: bool = False
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A model call was paid for. Never cumulative: an adapter subtracts what it reported before."""

    usage: Usage
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStarted:
    """The agent's session has a name by which it can be resumed."""

    token: str
    asks: bool | None = None
    """Whether its tool calls are put to the gate; None where the adapter can't tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStarted:
    """The agent's program runs; `pid` is ours to find again by identity."""

    pid: int
    shared: bool = False
    """It serves other attempts too: what it uses is not this one's alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Something worth a line in the log that is none of the others (a retry, a warning, stderr)."""

    text: str


AgentEvent = Said | ToolStarted | ToolFinished | Used | SessionStarted | ProcessStarted | Noted

Emit = Callable[[AgentEvent], None]
"""Takes each event as it happens; never blocks, never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a run ended. What it left in the workspace is judged by others."""

    outcome: Outcome
    answer: str = ""
    exit_code: int | None = None
    error: str | None = None
    retry_at: datetime | None = None
    """When a rate limit or quota resets, where the provider said so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Where an agent's program was found, or why it wasn't."""

    path: str | None
    version: str | None = None
    problem: str | None = None
    hint: str | None = None
    how: str | None = None
    """What led to it: `config`, a variable, `PATH`, `npm`, `download`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """What an agent said of itself before any session."""

    step: CheckStep
    text: str
    state: StepState = StepState.OK


class Agent(Protocol):
    """A coding agent. Its `run` can be cancelled at any point and then leaves no process behind."""

    name: str

    def find(self) -> Found:
        """Look for the program without starting a session; cheap enough for `doctor`."""
        ...

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:
        """Give the job to the agent and see it through.

        Time limits belong to the caller, who cancels. Never raises for what the agent or its
        model did: that is a `Report`. Raises `ProcessError` where a process can't be ended.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """An agent that answers before any session: whether it is there, and logged in."""

    async def probe(self, job: Job, tell: Callable[[Probed], None]) -> None:
        """Start the program, ask it, and end it; raises AgentError at the step that fails."""
        ...
