"""The six places of an agent's session at which a person's own hooks are asked or told."""

from __future__ import annotations

from enum import StrEnum


class HookKind(StrEnum):
    """Where in a session a hook is called."""

    BEFORE_TOOL = "before_tool"
    AFTER_TOOL = "after_tool"
    PROMPT = "prompt"
    SESSION_START = "session_start"
    SESSION_END = "session_end"
    ERROR = "error"
