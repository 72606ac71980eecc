"""What an agent wants to do, and what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum


class Tool(StrEnum):
    """One vocabulary for the tools of all agents."""

    READ = "read"
    WRITE = "write"
    SHELL = "shell"
    NETWORK = "network"
    MCP = "mcp"
    MEMORY = "memory"
    OTHER = "other"


class Verdict(StrEnum):
    """The gate's answer."""

    ALLOW = "allow"
    DENY = "deny"
    ASK = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One tool call, in our vocabulary."""

    tool: Tool
    name: str
    """The agent's own name for the tool."""
    summary: str
    """One line for people: the command, the path, the host."""
    paths: tuple[str, ...] = ()
    """Paths that it reads or writes, as the agent gave them."""
    command: str | None = None
    arguments: str = ""
    """All that the tool is given, as JSON."""
    hosts: tuple[str, ...] = ()
    """Hosts that it speaks to, in lower case, where it says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the gate decided, and which rule said so."""

    verdict: Verdict
    rule: str
    reason: str
    opens: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    """The call's paths as it gave them, each with where it led when that was decided."""

    def narrowed(self, other: Decision) -> Decision:
        """Return the stricter of two decisions; of two that are alike, this one."""
        stricter = max(self, other, key=lambda each: _FROM_LOOSE_TO_STRICT.index(each.verdict))
        return replace(stricter, opens=self.opens)


_FROM_LOOSE_TO_STRICT = (Verdict.ALLOW, Verdict.ASK, Verdict.DENY)
