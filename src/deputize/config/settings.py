"""Every setting with its default, and the shape that a file must have.

Named tuples, not dataclasses: they are as frozen, and cost `add` a fifth of the time to define.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time, to check files
from typing import NamedTuple

from deputize.model.agent import NOTHING as EMPTY
from deputize.model.agent import AgentSettings, asks_always, takes_provider
from deputize.model.budget import NO_BUDGETS, Budgets
from deputize.model.consent import ApprovalRule  # noqa: TC001 - as above
from deputize.model.fallback import Substitute
from deputize.model.hook import HookKind
from deputize.model.limits import NO_LIMITS, Limits
from deputize.model.price import KnownModel  # noqa: TC001 - as above
from deputize.model.rules import Rules
from deputize.model.ruleset import Policy, PolicySettings, Profile, Subject, policy_for


class ProviderSettings(NamedTuple):
    """One `[providers.NAME]` table: where a model is served."""

    type: str
    base_url: str
    key_variable: str | None = None
    """The variable that holds the key; at most one of these three is set."""
    key_file: str | None = None
    """The file that holds it, from home's folder; nobody else may be able to read it."""
    key_keyring: str | None = None
    """The service under which the system's keyring holds it, for a user named as the provider."""
    wire: str | None = None
    model: str | None = None
    """The model, where neither the task nor an agent of this provider names one."""


KEY_SOURCES = ("key_variable", "key_file", "key_keyring")
"""Keys of a provider's table that say where its key is."""


class RoleSettings(NamedTuple):
    """One `[roles.NAME]` table: what a kind of worker is told and may leave behind."""

    change: str = "forbidden"
    """Whether a change is `required`, `allowed` or `forbidden`."""
    preamble: str = ""
    agent: str | None = None
    provider: str | None = None
    """Where the models of its agents are served, where the task doesn't say."""
    tools: tuple[str, ...] | None = None
    """Kinds of tool calls that its agents may make; only for agents that ask before each. All."""
    profile: str | None = None
    """The policy's profile for its tasks, in place of the one that holds for all."""
    runs_checks: bool = False
    """Checks run in the workspace once the agent has ended, and decide: only where none changes."""


class Step(NamedTuple):
    """One command of `workspace.setup`."""

    command: str
    timeout_seconds: int = 300


class WorkspaceSettings(NamedTuple):
    """The `[workspace]` table."""

    setup: tuple[Step, ...] = ()
    include: tuple[str, ...] = ()
    """Ignored files that are copied from the checkout, besides those of `.worktreeinclude`."""


class CheckSettings(NamedTuple):
    """One `[checks.NAME]` table."""

    command: str
    timeout_seconds: int = 600
    paths: tuple[str, ...] = ()
    """Run only where a changed path matches one of these patterns; none means always."""
    required: bool = True


class LandingSettings(NamedTuple):
    """The `[landing]` table."""

    mode: str = "auto"
    without_checks: str = "ask"
    style: str = "merge"
    rework: int = 1


class WorkerSettings(NamedTuple):
    """The `[worker]` table."""

    slots: int = 3
    autostart: bool = True


class SandboxSettings(NamedTuple):
    """The `[sandbox]` table."""

    level: str = "auto"
    """`workspace`: nothing outside of it is written to; `auto`: the best there is; `off`: none."""
    read: tuple[str, ...] = ()
    """Paths that may be read, though they are hidden else."""
    write: tuple[str, ...] = ()
    """Paths that may be written to besides the workspace."""
    hide: tuple[str, ...] = ()
    """Paths that are hidden besides those that always are."""

    @property
    def is_off(self) -> bool:
        """Tell whether nothing is to stand between agents, so that they may share programs."""
        return self.level == "off"


class PoolSettings(NamedTuple):
    """The `[pool]` table: the programs that attempts share where the sandbox is off."""

    clients: int = 3
    """How many there are at most."""
    idle_seconds: int = 300
    """How long one that nobody uses is kept."""
    most_megabytes: int = 1000
    """One that holds more serves nobody else."""
    most_sessions: int = 100
    """How many sessions one serves in all."""


class AuditSettings(NamedTuple):
    """The `[audit]` table."""

    mirror: str | None = None
    """A file in the checkout, `.md` or `.jsonl`, that repeats the audit trail."""


class TelemetrySettings(NamedTuple):
    """The `[telemetry]` table."""

    endpoint: str | None = None
    """Where OpenTelemetry's spans are taken over HTTP, where no variable names a place."""


DAY_SECONDS = 86400


class RetentionSettings(NamedTuple):
    """The `[retention]` table: how long what has ended is kept; 0 is for ever."""

    logs_seconds: int = 30 * DAY_SECONDS
    tasks_seconds: int = 180 * DAY_SECONDS
    events_seconds: int = 180 * DAY_SECONDS
    sessions_seconds: int = DAY_SECONDS
    """Agents' sessions, from the last time that something happened in them; they are deleted."""


class ChannelSettings(NamedTuple):
    """One `[[notify]]` table."""

    kind: str
    command: tuple[str, ...] = ()
    url: str | None = None
    on: tuple[str, ...] = ()
    """Event kinds; none means the end of a task and every need of a person."""
    name: str | None = None


class ContextSettings(NamedTuple):
    """The `[context]` table: what agents are told besides their tasks."""

    project: str = ""
    """What to know of the project; a repository's is added to that of home."""
    automatic: bool = True
    """Whether what its own files say is told in a few lines."""


class HookSettings(NamedTuple):
    """One `[[hooks]]` table: a program or an address that has a say in agents' sessions."""

    on: tuple[str, ...]
    """Where in a session it is called."""
    command: tuple[str, ...] = ()
    """The program and its arguments; either this or `url`."""
    url: str | None = None
    timeout_seconds: int = 10
    roles: tuple[str, ...] = ()
    """Only for tasks of these roles; empty is all."""
    agents: tuple[str, ...] = ()
    """And of these agents."""
    name: str | None = None

    def called(self, place: int) -> str:
        """Return what people call it, which is the table at this place."""
        return self.name or f"hook-{place + 1}"

    def is_for(self, role: str, agent: str) -> bool:
        """Tell whether it has a say in the sessions of such a task."""
        return (not self.roles or role in self.roles) and (not self.agents or agent in self.agents)


BUILT_IN_ROLES: Mapping[str, RoleSettings] = {
    "writer": RoleSettings(change="required"),
    "inspector": RoleSettings(preamble="You inspect and report. Change no file; answer in words."),
    "tester": RoleSettings(
        preamble="You run tests and report what they show. Change no file that git tracks.",
        runs_checks=True,
    ),
    "judge": RoleSettings(),
}


class Config(NamedTuple):
    """All settings, merged."""

    default_agent: str = "copilot"
    default_provider: str | None = None
    """Where models are served for agents that can be told, where nothing else says."""
    fallback: tuple[str, ...] = ()
    """Agents that take over from one another while a limit holds."""
    agents: Mapping[str, AgentSettings] = EMPTY
    providers: Mapping[str, ProviderSettings] = EMPTY
    roles: Mapping[str, RoleSettings] = EMPTY
    workspace: WorkspaceSettings = WorkspaceSettings()
    checks: Mapping[str, CheckSettings] = EMPTY
    landing: LandingSettings = LandingSettings()
    worker: WorkerSettings = WorkerSettings()
    sandbox: SandboxSettings = SandboxSettings()
    pool: PoolSettings = PoolSettings()
    policy: PolicySettings = PolicySettings()
    approvals: tuple[ApprovalRule, ...] = ()
    """Whose yes questions need, and how many."""
    limits: Limits = NO_LIMITS
    budget: Budgets = NO_BUDGETS
    models: tuple[KnownModel, ...] = ()
    """What corrects or adds to the catalogue of models."""
    audit: AuditSettings = AuditSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    retention: RetentionSettings = RetentionSettings()
    notify: tuple[ChannelSettings, ...] = ()
    hooks: tuple[HookSettings, ...] = ()
    context: ContextSettings = ContextSettings()

    def role(self, name: str) -> RoleSettings | None:
        """Return a role's settings, configured or built in."""
        return self.roles.get(name) or BUILT_IN_ROLES.get(name)

    def policy_for(self, subject: Subject) -> Policy:
        """Return the policy that holds for a task of which that much is known."""
        role = self.role(subject.role)
        return policy_for(self.policy, subject, profile=role.profile if role else None)

    def hook_on_calls(self, role: str, agent: str) -> str | None:
        """Return the name of a hook that decides such a task's tool calls; None without one."""
        for place, hook in enumerate(self.hooks):
            if HookKind.BEFORE_TOOL in hook.on and hook.is_for(role, agent):
                return hook.called(place)
        return None

    @property
    def servers(self) -> frozenset[str]:
        """Return what a budget of a day may be for: providers, and agents that need none."""
        from deputize.config.agents import agent_names

        own = (name for name in agent_names(self.agents) if self.provider_of(name) is None)
        return frozenset([*self.providers, *own])

    def provider_of(self, agent: str, role: str | None = None) -> str | None:
        """Return where an agent's models are served, where its task says nothing of it."""
        rules = None if role is None else self.role(role)
        settings = self.agents.get(agent) or AgentSettings()
        named = (rules.provider if rules else None) or settings.provider
        if named or self.default_provider is None:
            return named
        from deputize.config.agents import agent_of

        known = agent_of(agent, self.agents)
        return self.default_provider if known and takes_provider(agent, known) else None

    def output_of(self, asked: str | None, agent: str) -> str:
        """Return what is wanted of an agent: what its task says, else what it is set up to give."""
        if asked:
            return asked
        from deputize.config.agents import agent_of

        return (agent_of(agent, self.agents) or AgentSettings()).delivers

    @property
    def rules(self) -> Rules:
        """Return what holds for the next task that is taken."""
        able = tuple(map(self._substitute, self.fallback))
        return Rules(limits=self.limits, budgets=self.budget, fallback=able)

    def _substitute(self, name: str) -> Substitute:
        settings = self.agents.get(name) or AgentSettings()
        roles = () if asks_always(name, settings) else {**BUILT_IN_ROLES, **self.roles}
        not_roles = frozenset(role for role in roles if self._holds(role, name))
        return Substitute(name, self.provider_of(name), settings.roles, not_roles)

    def _holds(self, role: str, agent: str) -> bool:
        """Tell whether an agent of a role is to be held to something at each tool call."""
        rules = self.role(role)
        of_role = rules is not None and rules.tools is not None
        of_policy = self.policy_for(Subject(role=role, agent=agent)).restricts_calls
        return of_role or of_policy or self.hook_on_calls(role, agent) is not None


CHOICES: Mapping[str, tuple[str, ...]] = {
    "agents.*.kind": ("copilot", "codex", "claude", "acp", "command"),
    "agents.*.prompt": ("stdin", "argument", "file"),
    "agents.*.output": ("text", "json", "jsonl"),
    "agents.*.delivers": ("files", "change-request"),
    "providers.*.type": ("openai", "azure", "anthropic", "ollama"),
    "providers.*.wire": ("completions", "responses"),
    "roles.*.change": ("required", "allowed", "forbidden"),
    "roles.*.tools": ("read", "write", "shell", "network", "mcp", "memory", "other"),
    "approvals.*.about": ("change", "trust", "budget", "call"),
    "roles.*.profile": tuple(Profile),
    "policy.profile": tuple(Profile),
    "policy.rules.*.profile": tuple(Profile),
    "sandbox.level": ("auto", "off", "workspace"),
    "landing.mode": ("auto", "ask", "branch"),
    "landing.without_checks": ("ask", "land"),
    "landing.style": ("merge", "squash"),
    "notify.*.kind": ("command", "webhook"),
    "hooks.*.on": tuple(HookKind),
}
"""Keys that take one of a few words; `*` stands for a name or a place in a list."""

MOST_SLOTS = 1000
RANGES: Mapping[str, tuple[int, int]] = {
    "worker.slots": (1, MOST_SLOTS),
    "pool.clients": (1, MOST_SLOTS),
    "pool.most_megabytes": (1, 10**6),
    "pool.most_sessions": (1, 10**6),
    "approvals.*.approvers": (1, 100),
    "budget.*.tokens": (1, 10**15),
    "models.*.context_tokens": (1, 10**9),
    "models.*.priced_up_to_tokens": (1, 10**9),
    "agents.*.success": (0, 255),
    "agents.*.protocol": (1, 2),
}
"""Numbers that have bounds of their own, both included."""
LEAST_BUDGET_USD, MOST_USD = 0.000_001, 1e9
"""Money is counted in millionths; a budget of nothing could not even be raised by a yes."""

REPOSITORY_KEYS = frozenset(
    {"workspace", "checks", "landing", "audit", "policy", "approvals", "context"}
)
"""What a repository's own file may set. It may narrow what home allows, never widen it."""

MODES_FROM_LOOSE_TO_STRICT = ("auto", "ask", "branch")
