"""The rules of a policy as they are written down: pure data. They only ever narrow."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Profile(StrEnum):
    """What an agent may do where no rule says more; from loose to strict."""

    TRUSTED = "trusted"
    WORKSPACE = "workspace"
    READ_ONLY = "read-only"


LOOSE_TO_STRICT = tuple(Profile)


class Rule(NamedTuple):
    """Restrictions that hold for the tasks that it fits. An empty list restricts nothing."""

    name: str | None = None
    """What people call it; without one it is named after its place."""
    roles: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()
    """Folders or git directories; `*` fits anything."""
    kinds: tuple[str, ...] = ()
    profile: str | None = None
    """At most this one."""
    allowed_tools: tuple[str, ...] = ()
    blocked_tools: tuple[str, ...] = ()
    ask_tools: tuple[str, ...] = ()
    blocked_patterns: tuple[str, ...] = ()
    """Regular expressions over the arguments of a call, as JSON."""
    allowed_commands: tuple[str, ...] = ()
    blocked_commands: tuple[str, ...] = ()
    ask_commands: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()

    def fits(self, subject: Subject) -> bool:
        """Tell whether it holds for a task."""
        from fnmatch import fnmatchcase

        repositories = not self.repositories or any(
            fnmatchcase(place, pattern) for place in subject.places for pattern in self.repositories
        )
        return (
            repositories
            and _has(self.roles, subject.role)
            and _has(self.agents, subject.agent)
            and _has(self.kinds, subject.kind)
        )


def _has(words: tuple[str, ...], word: str | None) -> bool:
    return not words or word in words


class Subject(NamedTuple):
    """What rules ask about a task."""

    role: str
    agent: str
    kind: str | None = None
    places: tuple[str, ...] = ()
    """The folder that it was queued from, and its git directory."""
    commands: tuple[str, ...] = ()
    """The only ones that it may run, where it names some."""


class PolicySettings(NamedTuple):
    """The `[policy]` table: what holds for every task, and rules for some."""

    profile: str = Profile.WORKSPACE
    allowed_tools: tuple[str, ...] = ()
    blocked_tools: tuple[str, ...] = ()
    ask_tools: tuple[str, ...] = ()
    blocked_patterns: tuple[str, ...] = ()
    allowed_commands: tuple[str, ...] = ()
    blocked_commands: tuple[str, ...] = ()
    ask_commands: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    wait_seconds: int = 60
    """How long an agent waits for a person before its attempt parks."""
    answer_seconds: int | None = None
    """How long a question stays open before the answer is no."""
    rules: tuple[Rule, ...] = ()

    def everywhere(self, name: str, profile: str | None = None) -> Rule:
        """Return what holds for every task as one rule."""
        own = {key: value for key, value in self._asdict().items() if key in Rule._fields}
        return Rule(**{**own, "name": name, "profile": profile})

    def narrowed(self, own: PolicySettings, origin: str, *, profile: str | None) -> PolicySettings:
        """Return these settings with those of a repository as further rules.

        `profile` is the one that the repository asks for, if it does.
        """
        named = (
            rule._replace(name=f"{origin} {rule.name or f'policy.rules.{place}'}")
            for place, rule in enumerate(own.rules)
        )
        theirs = own.everywhere(f"{origin} policy", profile)
        return self._replace(rules=(*self.rules, theirs, *named))


class Policy(NamedTuple):
    """What holds for one task: a profile, and every rule that fits."""

    profile: Profile = Profile.WORKSPACE
    rules: tuple[Rule, ...] = ()
    base: Rule = Rule(name="policy")
    """The one among `rules` whose places stand for those of the profile."""

    @property
    def restricts_calls(self) -> bool:
        """Tell whether it says something that only an agent that asks can be held to."""
        kept = {"name", "roles", "agents", "repositories", "kinds", "profile"}
        return any(
            value for rule in self.rules for key, value in rule._asdict().items() if key not in kept
        )


USUAL = Policy()
"""What holds where nothing is said."""


def policy_for(
    settings: PolicySettings,
    subject: Subject,
    *,
    profile: str | None = None,
) -> Policy:
    """Return what holds for a task.

    `profile` is that of its role, which stands for the one of the settings.
    """
    base = settings.everywhere("policy")
    fitting = [
        rule._replace(name=rule.name or f"policy.rules.{place}")
        for place, rule in enumerate(settings.rules)
        if rule.fits(subject)
    ]
    own = [Rule(name="task", allowed_commands=subject.commands)] if subject.commands else []
    asked = (rule.profile for rule in fitting if rule.profile)
    words = [profile or settings.profile, *asked]
    strictest = max(map(Profile, words), key=LOOSE_TO_STRICT.index)
    return Policy(profile=strictest, rules=(base, *fitting, *own), base=base)
