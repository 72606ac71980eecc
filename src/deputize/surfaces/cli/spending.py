"""What was spent, in words: a cost that is known in part says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.budget import in_dollars

if TYPE_CHECKING:
    from deputize.model.budget import Spent, Standing


def cost_in_words(spent: Spent) -> str:
    """Say what tokens cost; those without a price have no cost, which is not none."""
    known = f"${in_dollars(spent.microdollars)}"
    if not spent.unpriced_tokens:
        return known
    return f"{known} + unpriced" if spent.microdollars else "unpriced"


def spent_in_words(standing: Standing) -> str:
    """Say what was spent, and of what."""
    of = f"; budget: {standing.told}" if standing.told else ""
    return f"{standing.spent.tokens:,} tokens ({cost_in_words(standing.spent)}){of}"
