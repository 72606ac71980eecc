"""What a program asks of the bridge, and what it gets: values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.settings import CHOICES
from deputize.errors import InvalidInput
from deputize.intake.fields import Prompt
from deputize.model.attempt import Usage
from deputize.model.policy import Tool

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from datetime import datetime

    from deputize.errors import AgentError

TIMEOUT_SECONDS = 120.0
PROVIDER_TYPES = CHOICES["providers.*.type"]
WIRES = CHOICES["providers.*.wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderConfig:
    """Where the model of one request is served; the key is told to its session alone."""

    type: str
    """`openai`, `azure`, `anthropic` or `ollama`."""
    base_url: str
    api_key: str | None = field(default=None, repr=False)
    model: str | None = None
    """The model, where the request names none."""
    wire: str | None = None
    """`completions` or `responses`, for providers of type openai."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingTaskRequest:
    """One prompt for Copilot, carried out in a folder at once."""

    prompt: str
    working_dir: str | os.PathLike[str] | None = None
    """Where it works, and outside of which it writes nothing; None is the current folder."""
    model: str | None = None
    provider: ProviderConfig | str | None = None
    """One of its own, or the name of one in home's settings; None leaves it to them."""
    tools: Sequence[str] | None = None
    """The kinds of tools that it may use, of those that the role may; None is all of these."""
    session_id: str | None = None
    """A session to go on in."""
    timeout: float = TIMEOUT_SECONDS
    """Seconds after which it is stopped."""
    streaming: bool = True
    """Whether the model's words come piece by piece, or each message as a whole."""
    role: str = "writer"
    """The role whose policy in home's settings holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallRecord:
    """A tool call that was begun, and what came of it."""

    tool: str
    """Copilot's own name for it."""
    summary: str
    """One line: the command, the path, the host."""
    ok: bool = False
    denied: bool = False
    """The gate said no."""
    output: str = ""
    """The beginning of what it gave back."""
    started_seconds: float
    """How long after the request it was begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodingTaskResult:
    """What came of a request. That Copilot or its model failed is told here, not raised."""

    success: bool
    content: str
    """The last that the model said."""
    tool_calls: tuple[ToolCallRecord, ...] = ()
    usage: Usage = field(default_factory=Usage)
    session_id: str | None = None
    """The session, by which a later request can go on."""
    duration_seconds: float
    error: AgentError | None = None
    retry_at: datetime | None = None
    """When a limit of the provider resets, where it said so."""


class DeltaKind(StrEnum):
    """What a piece of a streamed run is."""

    TEXT = "text"
    TOOL_START = "tool_start"
    TOOL_END = "tool_end"
    NOTE = "note"
    ERROR = "error"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamingDelta:
    """A piece of a streamed run; the last one is `done` and has the result."""

    kind: DeltaKind
    content: str = ""
    tool: str | None = None
    result: CodingTaskResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeStatus:
    """How a bridge stands."""

    connected: bool
    """Its runtime answers."""
    auth_method: str
    """Which link of the chain of credentials serves it, in words; `none` where none does."""
    version: str | None = None
    pid: int | None = None


def check(request: CodingTaskRequest) -> Path:
    """Return the folder of a request; InvalidInput names the field that is wrong."""
    _refuse("prompt", Prompt().problem(request.prompt))
    if not (math.isfinite(request.timeout) and request.timeout > 0):
        _refuse("timeout", f"must be a number of seconds above 0, not {request.timeout}")
    for tool in request.tools or ():
        if isinstance(request.tools, str) or tool not in set(Tool):
            _refuse("tools", f"must be a list of {', '.join(Tool)}, not {request.tools!r}")
    if isinstance(request.provider, ProviderConfig):
        _check_provider(request.provider)
    folder = Path(request.working_dir or ".").expanduser().absolute()
    if not folder.is_dir():
        _refuse("working_dir", f"there is no folder {folder}")
    return folder


def _check_provider(provider: ProviderConfig) -> None:
    if provider.type not in PROVIDER_TYPES:
        _refuse("provider.type", f"must be one of {', '.join(PROVIDER_TYPES)}")
    if provider.wire not in {None, *WIRES}:
        _refuse("provider.wire", f"must be one of {', '.join(WIRES)}")


def _refuse(name: str, problem: str | None) -> None:
    if problem:
        raise InvalidInput(f"{name}: {problem}", field=name)
