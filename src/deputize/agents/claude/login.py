"""How Claude Code is started: whose model it uses, and what it may do without being asked: pure.

The key of a provider is only in the program's environment. With a provider, nothing that the user
has set for a login of their own reaches it, and its sessions are kept apart from theirs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Job, Provider

LOGIN_VARIABLES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
"""What a login of one's own may be set in; without one, the login that is stored is used."""
OWN_PREFIXES = ("ANTHROPIC_", "CLAUDE_")
PROVIDER_TYPE = "anthropic"
NO_KEY = "none"
"""A key for a provider that wants none: without any, the program asks for a login."""

SWITCHES: Mapping[str, str] = {
    # It says nothing about itself to anybody, and stays the version that it is.
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_TELEMETRY": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_AUTOUPDATER": "1",
    # A slot is not for waiting: when to try again is decided by the queue.
    "CLAUDE_CODE_MAX_RETRIES": "0",
    # What outlives the answer would be ended with the attempt.
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
}

UNFIT_TOOLS = (
    *("AskUserQuestion", "EnterPlanMode", "ExitPlanMode", "EnterWorktree", "ExitWorktree"),
    *("CronCreate", "CronDelete", "CronList", "ScheduleWakeup", "Monitor", "SendMessage"),
    "Workflow",
)
"""Tools that need a person, leave the workspace, or go on after the answer."""

ARGUMENTS = (
    *("-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"),
    *("--include-partial-messages", "--permission-prompt-tool", "stdio"),
    *("--permission-mode", "default"),
    # What a repository holds for it may instruct it, but not run programs behind the gate.
    *("--setting-sources", "user", "--strict-mcp-config"),
    *("--disallowed-tools", ",".join(UNFIT_TOOLS)),
)

SESSION = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def arguments_of(job: Job, session: str | None, *, begins: bool = False) -> tuple[str, ...]:
    """Return the program's arguments; `session` is the one to resume, or to begin."""
    model = (f"--model={job.model}",) if job.model else ()
    way = "session-id" if begins else "resume"
    named = (f"--{way}={session}",) if session else ()
    return (*ARGUMENTS, *model, *named)


def environment_of(job: Job, temporary: Path) -> dict[str, str]:
    """Return its environment; raises AgentError where the job's provider can't be used."""
    given = {**job.environment, **job.secrets}
    if job.provider is not None:
        given = _apart(job, job.provider)
    return {**given, **SWITCHES, "TMPDIR": str(temporary)}


def _apart(job: Job, provider: Provider) -> dict[str, str]:
    kept = {
        name: value
        for name, value in job.environment.items()
        if not name.startswith(OWN_PREFIXES) and name != provider.key_variable
    }
    kept["ANTHROPIC_BASE_URL"] = _address(provider)
    kept["ANTHROPIC_API_KEY"] = _key(job, provider)
    if job.model is not None:
        # Small jobs of its own would else go to a model that the provider may not have.
        kept["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = job.model
    if job.state is not None:
        kept["CLAUDE_CONFIG_DIR"] = str(job.state)
    return kept


def _address(provider: Provider) -> str:
    if provider.type != PROVIDER_TYPE:
        message = (
            f"the provider {provider.name} is of type {provider.type}: "
            f"Claude Code takes only one of type {PROVIDER_TYPE}"
        )
        hint = "choose another provider with --provider, or another agent with --agent"
        raise AgentError(Outcome.AGENT_ERROR, message, hint=hint)
    return provider.base_url


def _key(job: Job, provider: Provider) -> str:
    if provider.key_variable is None:
        return NO_KEY
    key = job.secrets.get(provider.key_variable) or job.environment.get(provider.key_variable)
    if not key:
        message = f"the key of provider {provider.name} is missing: set {provider.key_variable}"
        raise AgentError(Outcome.AUTH_FAILED, message)
    return key
