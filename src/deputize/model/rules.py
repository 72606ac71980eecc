"""What the settings of a home say about which task may start next."""

from __future__ import annotations

from typing import NamedTuple

from deputize.model.budget import NO_BUDGETS, Budgets
from deputize.model.limits import NO_LIMITS, Limits


class Rules(NamedTuple):
    """Read anew for each task that is taken: changed settings hold at once."""

    limits: Limits = NO_LIMITS
    budgets: Budgets = NO_BUDGETS


NO_RULES = Rules()
