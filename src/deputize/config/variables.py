"""Which environment variables mean something. Every verb looks here, so this loads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "DEPUTIZE_"
LONGEST_NAME = 128
DATABASE = "DEPUTIZE_DATABASE"
OWN = frozenset(
    {
        *("DEPUTIZE_HOME", DATABASE, "DEPUTIZE_LOG"),
        *("DEPUTIZE_TASK", "DEPUTIZE_ATTEMPT", "DEPUTIZE_RUN"),
        *("DEPUTIZE_EVENT", "DEPUTIZE_EVENT_ID", "DEPUTIZE_TEXT"),
        *("DEPUTIZE_TASK_ID", "DEPUTIZE_APPROVAL_ID", "DEPUTIZE_HOOK"),
    }
)
"""Variables with a meaning of their own; every other `DEPUTIZE_…` is a setting."""
PLAIN = frozenset({"default_agent", "default_provider", "landing", "worker", "audit", "context"})
"""The keys and tables that hold nothing but single values."""


def is_variable(name: str) -> bool:
    """Tell whether this can be the name of an environment variable."""
    return len(name) <= LONGEST_NAME and name.isascii() and name.isidentifier()


def path_of(variable: str) -> tuple[str, ...]:
    """Return the key that a variable sets, part by part; nothing where it sets none."""
    if not variable.startswith(PREFIX) or variable in OWN:
        return ()
    parts = tuple(variable.removeprefix(PREFIX).lower().split("__"))
    return parts if parts[0] in PLAIN else ()


def unknown_variables(environment: Iterable[str]) -> list[str]:
    """Return the `DEPUTIZE_…` variables that mean nothing, for a warning."""
    return sorted(
        name
        for name in environment
        if name.startswith(PREFIX) and name not in OWN and not path_of(name)
    )
