"""How many tasks may run at once, and how waiting makes urgent: the `[limits]` table."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time, to check files
from types import MappingProxyType
from typing import NamedTuple

_NONE: Mapping[str, int] = MappingProxyType({})


class Limits(NamedTuple):
    """What holds for all workers of a store together."""

    roles: Mapping[str, int] = _NONE
    """At once of each role; those below are alike."""
    agents: Mapping[str, int] = _NONE
    providers: Mapping[str, int] = _NONE
    labels: Mapping[str, int] = _NONE
    repository: int | None = None
    """At once in each repository."""
    ageing_seconds: int = 1800
    """Waiting this long makes a task as urgent as the next priority is."""

    @property
    def is_set(self) -> bool:
        """Tell whether any number limits what runs at once."""
        named = (self.roles, self.agents, self.providers, self.labels)
        return any(named) or self.repository is not None


NO_LIMITS = Limits()
