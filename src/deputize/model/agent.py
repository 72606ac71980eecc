"""How an agent is set up: one `[agents.NAME]` table, or a default that needs none."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time, to check files
from types import MappingProxyType
from typing import Any, NamedTuple

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""No table."""


class Patterns(NamedTuple):
    """What the last lines of a command look like where it failed, by the outcome that they tell."""

    rate_limited: tuple[str, ...] = ()
    """Regular expressions; a group named `reset` is the span or moment after which it goes on."""
    quota_spent: tuple[str, ...] = ()
    auth_failed: tuple[str, ...] = ()
    agent_error: tuple[str, ...] = ()


NO_PATTERNS = Patterns()


class Handing(NamedTuple):
    """How a provider of one type is handed to a command."""

    variables: Mapping[str, str] = NOTHING
    """Their values may name `{base_url}`, `{model}` and, nowhere else, `{key}`."""
    arguments: tuple[str, ...] = ()
    model: str = "{model}"
    """What the program calls a model of such a provider."""


class Reading(NamedTuple):
    """What one kind of JSON value in a command's output tells, and where in it.

    Places are paths: names and positions, joined by dots; `*` is each of what is there.
    """

    where: Mapping[str, str] = NOTHING
    """Texts that have to stand at these paths; of the values elsewhere nothing is read by this."""
    unless: Mapping[str, str] = NOTHING
    """Texts one of which must not stand at its path."""
    answer: str | None = None
    pieces: bool = False
    """Whether such answers, where they follow one another, are pieces of one."""
    session: str | None = None
    error: str | None = None
    model: str | None = None
    input_tokens: tuple[str, ...] = ()
    """Counts are sums of what is found at all these paths; what `-` is before is taken off."""
    output_tokens: tuple[str, ...] = ()
    cached_tokens: tuple[str, ...] = ()
    reasoning_tokens: tuple[str, ...] = ()
    cost_usd: tuple[str, ...] = ()
    cumulative: bool = False
    """Whether each such value counts all that there was in the run so far."""


class AgentSettings(NamedTuple):
    """What is configured for one agent; where nothing is, the program's own defaults hold."""

    kind: str | None = None
    """`copilot`, `codex`, `claude`, `acp` or `command`; without it, as built in under that name."""
    command: tuple[str, ...] = ()
    """The program and its arguments, in which names in braces stand for what they name."""
    env: tuple[str, ...] = ()
    """Names of variables that it gets besides the usual ones; `*` at the end fits any ending."""
    roles: tuple[str, ...] = ()
    """Roles it takes; empty takes any."""
    model: str | None = None
    provider: str | None = None
    """The name of a `[providers.NAME]` table; without one it uses its own login."""
    path: str | None = None
    """Where its program is, if not where it is looked for; not for kind `acp`."""
    protocol: int = 1
    """The version of the protocol that an agent of kind `acp` is offered; 2 is a draft."""
    shared: bool = False
    """Whether one program of kind `acp` may serve several attempts at once."""
    success: tuple[int, ...] = ()
    """Exit codes with which a command tells success; 0 alone where there are none."""
    patterns: Patterns = NO_PATTERNS
    """By which a command's words are taken for a failure, whatever its exit code."""
    exit_codes: Mapping[str, str] = NOTHING
    """Failures, as in `patterns`, by the exit code that tells them."""
    prompt: str | None = None
    """`stdin`, `argument` or `file`; without it, as the command names it."""
    model_arguments: tuple[str, ...] = ()
    """What is added to the command where a model is named."""
    resume_arguments: tuple[str, ...] = ()
    """What is added to the command to go on in a session; without any it has none."""
    lost_session: tuple[str, ...] = ()
    """Regular expressions for the words that tell that there is no such session."""
    variables: Mapping[str, str] = NOTHING
    """Variables that it gets, never with a secret."""
    providers: Mapping[str, Handing] = NOTHING
    """How it is told who serves its model, by type of provider."""
    output: str = "text"
    """What `{output}`, or else stdout, is: `text`, `json` (one value) or `jsonl` (one a line)."""
    read: tuple[Reading, ...] = ()
    """How its output is read where that is JSON."""
    noise: tuple[str, ...] = ()
    """Regular expressions for lines of its words that are no part of an answer."""
    delivers: str = "files"
    """`files` that it edits, or a `change-request` as its answer, where the task doesn't say."""
    litter: tuple[str, ...] = ()
    """Names at the top of its folder that it makes for itself: gone at the end, if new."""
    version: tuple[str, ...] = ()
    """Arguments with which its program tells its version."""
    install: str | None = None
    """How it is installed, for people."""
    keeps: tuple[str, ...] = ()
    """Where its program keeps login and sessions; in the sandbox, only it sees and writes that."""
    nests: bool = False
    """Whether its program has a sandbox of its own, for which it makes user namespaces."""


BUILT_IN_AGENTS: Mapping[str, AgentSettings] = {
    "copilot": AgentSettings(
        kind="copilot",
        env=("COPILOT_CACHE_HOME",),
        keeps=("~/.copilot", "~/.cache/copilot", "$COPILOT_CACHE_HOME"),
    ),
    "codex": AgentSettings(
        kind="codex",
        env=("CODEX_HOME", "CODEX_API_KEY"),
        keeps=("~/.codex", "$CODEX_HOME"),
        nests=True,
    ),
    "claude": AgentSettings(
        kind="claude",
        env=("ANTHROPIC_*", "CLAUDE_CONFIG_DIR", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CODE_USE_*"),
        keeps=("~/.claude", "~/.claude.json", "$CLAUDE_CONFIG_DIR"),
    ),
    "goose": AgentSettings(
        kind="acp",
        command=("goose", "acp", "--with-builtin", "developer"),
        shared=True,
        env=("GOOSE_*", "OPENAI_API_KEY", "OPENAI_HOST", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"),
        keeps=("~/.config/goose", "~/.local/share/goose", "~/.local/state/goose"),
    ),
}
"""Agents that are there without being configured."""
SHIPPED = ("aider", "gemini", "mini-swe-agent", "opencode")
"""Agents that are described in a file of ours: known where that file isn't read."""
SHIPPED_VARIABLES = (
    *("AIDER_*", "ANTHROPIC_API_KEY", "DEEPSEEK_API_KEY", "GEMINI_*", "GOOGLE_*", "GROQ_API_KEY"),
    *("MISTRAL_API_KEY", "MSWEA_*", "OPENAI_API_BASE", "OPENAI_API_KEY", "OPENAI_BASE_URL"),
    *("OPENCODE_*", "OPENROUTER_API_KEY", "XAI_API_KEY"),
)
"""All that these get."""


LOGIN_SERVERS: Mapping[str, str] = {"copilot": "github", "codex": "openai", "claude": "anthropic"}
"""Who serves the models of a login of one's own, by the kind of agent."""
ASKING_KINDS = frozenset({"copilot", "claude"})
"""Kinds of agents that ask before each tool call."""
NAMING_KINDS = frozenset({"copilot", "claude"})
"""Kinds of agents whose sessions others may name."""


INSTRUCTED_KINDS = frozenset({"copilot", "codex"})
"""Kinds of agents that read a repository's AGENTS.md by themselves."""
INSTRUCTED = frozenset({"goose", "opencode"})
"""Others that do, by name."""


def reads_agents_file(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent is known to read AGENTS.md without being told."""
    return name in INSTRUCTED or _kind(name, settings) in INSTRUCTED_KINDS


def has_sessions(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent's conversations can be resumed."""
    return _kind(name, settings) != "command" or bool(settings.resume_arguments)


def names_sessions(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent lets others name its sessions, so that one can be named beforehand."""
    return _kind(name, settings) in NAMING_KINDS


def asks_always(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent asks before each tool call, so that it can be held to some tools."""
    return _kind(name, settings) in ASKING_KINDS


def takes_provider(name: str, settings: AgentSettings) -> bool:
    """Tell whether an agent can be told by whom its model is served."""
    kind = _kind(name, settings)
    return kind in {"copilot", "codex", "claude"} or (
        kind == "command" and bool(settings.providers)
    )


def _kind(name: str, settings: AgentSettings) -> str:
    built_in = BUILT_IN_AGENTS.get(name)
    return settings.kind or (built_in.kind if built_in else None) or "command"


def kind_of(name: str, configured: Mapping[str, AgentSettings]) -> str:
    """Return the kind of an agent, as it is configured or built in."""
    return _kind(name, configured.get(name) or AgentSettings())


def denies_itself(settings: AgentSettings) -> bool:
    """Tell whether an agent that can't be asked has a sandbox of its own, set by the task."""
    return settings.kind == "codex"


def is_told_by_folder(settings: AgentSettings) -> bool:
    """Tell whether a shared program's commands show whose they are by our workspaces alone."""
    return settings.kind == "acp"
