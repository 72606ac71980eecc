"""What the settings of a home say about which task may start next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.model.budget import NO_BUDGETS, Budgets
from deputize.model.limits import NO_LIMITS, Limits

if TYPE_CHECKING:
    from deputize.model.fallback import Substitute


class Rules(NamedTuple):
    """Read anew for each task that is taken: changed settings hold at once."""

    limits: Limits = NO_LIMITS
    budgets: Budgets = NO_BUDGETS
    fallback: tuple[Substitute, ...] = ()
    """Agents that take over from one another while a limit holds, the first choice first."""


NO_RULES = Rules()
