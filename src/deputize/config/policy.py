"""What a policy's entries have to be; and how a repository's policy joins that of home."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.config.shape import Shape
    from deputize.model.ruleset import PolicySettings, Rule

COMMANDS = ("allowed_commands", "blocked_commands", "ask_commands")


def check_policy(settings: PolicySettings, shape: Shape) -> None:
    """Raise ConfigError, with key, for what could never fit, or be searched for."""
    _check("policy", settings, shape)
    for place, rule in enumerate(settings.rules):
        _check(f"policy.rules.{place}", rule, shape)


def _check(key: str, rule: PolicySettings | Rule, shape: Shape) -> None:
    for name, value in rule._asdict().items():
        entries = value if isinstance(value, tuple) and name != "rules" else ()
        for place, entry in enumerate(entries):
            where = f"{key}.{name}.{place}"
            if not entry.strip():
                raise shape.wrong(where, "a text that is not empty", entry)
            if name in COMMANDS and not _is_words(entry):
                raise shape.wrong(where, "words of a command, as a shell takes them", entry)
            if name == "blocked_patterns" and not _is_pattern(entry):
                raise shape.wrong(where, "a regular expression", entry)


def _is_words(entry: str) -> bool:
    try:
        return bool(shlex.split(entry))
    except ValueError:
        return False


def _is_pattern(entry: str) -> bool:
    import regex

    try:
        regex.compile(entry)
    except (regex.error, RecursionError, OverflowError):
        return False
    return True


def joined(
    home: PolicySettings, own: PolicySettings, said: Mapping[str, object], origin: str
) -> PolicySettings:
    """Return home's policy, further narrowed by what a repository says."""
    profile = own.profile if "profile" in said else None
    return home.narrowed(own, origin, profile=profile)
