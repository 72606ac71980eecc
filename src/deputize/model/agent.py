"""How an agent is set up: one `[agents.NAME]` table, or a default that needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Patterns(NamedTuple):
    """What the last lines of a command look like where it failed, by the outcome that they tell."""

    rate_limited: tuple[str, ...] = ()
    """Regular expressions; a group named `reset` is the span or moment after which it goes on."""
    quota_spent: tuple[str, ...] = ()
    auth_failed: tuple[str, ...] = ()
    agent_error: tuple[str, ...] = ()


NO_PATTERNS = Patterns()


class AgentSettings(NamedTuple):
    """What is configured for one agent; where nothing is, the program's own defaults hold."""

    kind: str | None = None
    """`copilot`, `codex`, `claude`, `acp` or `command`; without it, as built in under that name."""
    command: tuple[str, ...] = ()
    """The program and its arguments; `{prompt}` in one is the prompt, which else is on stdin."""
    env: tuple[str, ...] = ()
    """Names of variables that it gets besides the usual ones; `*` at the end fits any ending."""
    roles: tuple[str, ...] = ()
    """Roles it takes; empty takes any."""
    model: str | None = None
    provider: str | None = None
    """The name of a `[providers.NAME]` table; without one it uses its own login."""
    path: str | None = None
    """Where the program of an agent of kind `copilot`, `codex` or `claude` is."""
    protocol: int = 1
    """The version of the protocol that an agent of kind `acp` is offered; 2 is a draft."""
    success: tuple[int, ...] = ()
    """Exit codes with which a command tells success; 0 alone where there are none."""
    patterns: Patterns = NO_PATTERNS
    """By which a command's words are taken for a failure, whatever its exit code."""


BUILT_IN_AGENTS: Mapping[str, AgentSettings] = {
    "copilot": AgentSettings(kind="copilot", env=("COPILOT_CACHE_HOME",)),
    "codex": AgentSettings(kind="codex", env=("CODEX_HOME", "CODEX_API_KEY")),
    "claude": AgentSettings(
        kind="claude",
        env=("ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_*"),
    ),
    "goose": AgentSettings(
        kind="acp",
        command=("goose", "acp", "--with-builtin", "developer"),
        env=("GOOSE_*", "OPENAI_API_KEY", "OPENAI_HOST", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"),
    ),
}
"""Agents that are there without being configured."""


LOGIN_SERVERS: Mapping[str, str] = {"copilot": "github", "codex": "openai", "claude": "anthropic"}
"""Who serves the models of a login of one's own, by the kind of agent."""
ASKING_KINDS = frozenset({"copilot", "claude"})
"""Kinds of agents that ask before each tool call."""


def has_sessions(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent's conversations can be resumed."""
    return _kind(name, settings) != "command"


def names_sessions(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent lets others name its sessions, so that one can be named beforehand."""
    return _kind(name, settings) == "copilot"


def asks_always(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent asks before each tool call, so that it can be held to some tools."""
    return _kind(name, settings) in ASKING_KINDS


def takes_provider(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent can be told by whom its model is served."""
    return _kind(name, settings) in {"copilot", "codex", "claude"}


def _kind(name: str, settings: AgentSettings) -> str:
    built_in = BUILT_IN_AGENTS.get(name)
    return settings.kind or (built_in.kind if built_in else None) or "command"


def kind_of(name: str, configured: Mapping[str, AgentSettings]) -> str:
    """Return the kind of an agent, as it is configured or built in."""
    return _kind(name, configured.get(name) or AgentSettings())


def denies_itself(settings: AgentSettings) -> bool:
    """Tell whether an agent that can't be asked has a sandbox of its own, set by the task."""
    return settings.kind == "codex"
