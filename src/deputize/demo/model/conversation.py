"""What a request says, the same for every dialect: prompts, tool results, tools, workspace."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WRAPPERS = (
    "current_datetime",
    "environment_context",
    "session_context",
    "system-reminder",
    "system_reminder",
    "turn-context",
)
"""Elements that agents put before or after what the user wrote."""

MAXIMUM_WRAPPERS = 20
"""Agents use a few; a prompt that is made of thousands shall not keep the server busy."""

STATED_WORKSPACE = re.compile(
    r"(?:working directory: *|<cwd>|<working-directory>|workspace directories:\*\*\n *- )"
    r"(/[^\n<]+)",
    re.IGNORECASE,
)
ABSOLUTE_PATH = re.compile(r"(?<![\w/.:])/[\w.+@-][\w./+@-]{0,4000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the agent offers; `schema` is the JSON Schema of its arguments."""

    name: str
    schema: Mapping[str, object] = field(default_factory=dict)
    is_freeform: bool = False
    """It takes one text instead of named arguments."""
    namespace: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTurn:
    """What the user wrote, and how many tool results came between it and the next such text."""

    text: str
    result_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One request for an answer."""

    model: str
    system: str
    turns: tuple[UserTurn, ...]
    tools: tuple[Tool, ...]
    workspace: str | None
    """The folder that the agent works in, where it says so."""
    is_streaming: bool
    wants_usage: bool = True
    """A streamed answer shall report its usage."""

    @property
    def prompt(self) -> str:
        """Return what the user wrote last, without what the agent put around it."""
        return self.turns[-1].text if self.turns else ""


@dataclass(slots=True, kw_only=True)
class Transcript:
    """A conversation being read, message by message."""

    system: list[str] = field(default_factory=list)
    raw: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    result_counts: list[int] = field(default_factory=list)

    def add_system(self, text: str) -> None:
        """Add instructions that come with the request."""
        self.system.append(text)

    def add_user(self, text: str) -> None:
        """Add a user's text; what consists of an agent's wrappers only opens no turn."""
        self.raw.append(text)
        if own := without_wrappers(text):
            self.texts.append(own)
            self.result_counts.append(0)

    def add_result(self) -> None:
        """Add the result of a tool call."""
        if self.result_counts:
            self.result_counts[-1] += 1

    def turns(self) -> tuple[UserTurn, ...]:
        """Return the user's turns, oldest first."""
        pairs = zip(self.texts, self.result_counts, strict=True)
        return tuple(UserTurn(text=text, result_count=count) for text, count in pairs)

    def workspace(self) -> str | None:
        """Return the folder stated last, else the first existing folder that the user named."""
        stated = STATED_WORKSPACE.findall("\n".join(self.system + self.raw))
        if stated:
            return str(stated[-1]).strip().rstrip("/") or "/"
        return _first_folder("\n".join(self.texts))


def without_wrappers(text: str) -> str:
    """Cut off the elements that an agent puts before and after what the user wrote."""
    for _ in range(MAXIMUM_WRAPPERS):
        text, before = _without_one_wrapper(text.strip()), text
        if text == before:
            break
    return text


def _without_one_wrapper(text: str) -> str:
    for tag in WRAPPERS:
        start, end = f"<{tag}>", f"</{tag}>"
        if text.startswith(start) and end in text:
            return text[text.index(end) + len(end) :]
        if text.endswith(end) and start in text:
            return text[: text.rindex(start)]
    return text


def _first_folder(text: str) -> str | None:
    for found in ABSOLUTE_PATH.findall(text):
        path = found.rstrip("./") or "/"
        if _is_folder(path):
            return str(path)
    return None


def _is_folder(path: str) -> bool:
    try:
        return Path(path).is_dir()
    except OSError:
        return False
