"""The words of a script: what the scripted model does, scene by scene, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKSPACE = "{workspace}"
"""In a path, command or argument: the folder that the agent says it works in."""

FIRST_ERROR_STATUS = 400
LAST_ERROR_STATUS = 599


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFile:
    """Create a file in a folder that exists; a relative path is meant from the workspace.

    Whether a file may be there already is up to the agent's tool: Copilot's refuses.
    """

    path: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EditFile:
    """Replace the one place in a file where `old` stands."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """Read a file; a relative path is meant from the workspace."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchAddress:
    """Ask for what is at a web address."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunShell:
    """Run a shell command in the workspace."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """Call a tool by the name that the agent gives it; free-form tools take one text."""

    name: str
    arguments: Mapping[str, object] | str


Step = WriteFile | EditFile | ReadFile | FetchAddress | RunShell | CallTool
"""One tool call, named by what it is for; `tools.py` finds the agent's own tool for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReply:
    """Answer with an HTTP error, to the first `times` requests that get here, or always."""

    status: int
    message: str = "scripted error"
    retry_after_seconds: int | None = None
    reset_after_seconds: int | None = None
    """When the limit is over, told in the headers of the dialect in use."""
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse what is no error status, and times that never come."""
        if not FIRST_ERROR_STATUS <= self.status <= LAST_ERROR_STATUS:
            raise InvalidInput(f"an error reply needs a status of 400 to 599, not {self.status}")
        _at_least("times", self.times, 1)
        _at_least("retry_after_seconds", self.retry_after_seconds, 0)
        _at_least("reset_after_seconds", self.reset_after_seconds, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hang:
    """Never answer, until the client hangs up or the model is closed."""

    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse times that never come."""
        _at_least("times", self.times, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CutStream:
    """Begin the turn's answer and drop the connection after `after_events` events."""

    after_events: int = 2
    times: int | None = None

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        _at_least("times", self.times, 1)
        _at_least("after_events", self.after_events, 0)


Fault = ErrorReply | Hang | CutStream
"""What goes wrong before a turn is played; it leaves no trace in the conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One answer of the model: words, tool calls or both, and what happens before it."""

    say: str = ""
    steps: tuple[Step, ...] = ()
    fault: Fault | None = None
    wait_for: str | None = None
    """A gate that somebody opens: `ScriptedModel.open`."""
    delay_seconds: float = 0.0
    word_seconds: float = 0.0
    """A pause before each word of a streamed answer."""

    def __post_init__(self) -> None:
        """Refuse negative pauses."""
        _at_least("delay_seconds", self.delay_seconds, 0)
        _at_least("word_seconds", self.word_seconds, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The turns played to a prompt that contains a text; an empty text fits every prompt."""

    name: str
    contains: str = ""
    turns: tuple[Turn, ...]

    def __post_init__(self) -> None:
        """Refuse a scene in which a turn can't be reached: only tool calls lead on to the next."""
        if not self.turns:
            raise InvalidInput(f"the scene {self.name!r} has no turns")
        if not all(turn.steps for turn in self.turns[:-1]):
            raise InvalidInput(
                f"only the last turn of the scene {self.name!r} may have no steps",
                hint="put the text or the fault of that turn into the turn after it",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """Scenes in the order in which they are tried; the first whose text fits is played."""

    scenes: tuple[Scene, ...]
    without_tools: bool = False
    """They are played for agents that offer the model no tools, too."""

    def __post_init__(self) -> None:
        """Refuse scenes that can't be told apart or can't be reached."""
        if len({scene.name for scene in self.scenes}) < len(self.scenes):
            raise InvalidInput("two scenes of the script have the same name")
        if not all(scene.contains for scene in self.scenes[:-1]):
            raise InvalidInput("only the last scene of a script may fit every prompt")


def _at_least(name: str, value: float | None, least: float) -> None:
    if value is not None and not value >= least:
        raise InvalidInput(f"{name} must be at least {least}, not {value}")
