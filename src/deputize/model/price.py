"""Prices: what tokens cost where an agent tells no cost. Pure."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.model.attempt import Usage

PER = 1_000_000
"""Prices are dollars for this many tokens."""


class Price(NamedTuple):
    """One `[[prices]]` table: dollars for a million tokens."""

    model: str
    """The model's name; `*` stands for anything."""
    input_usd: float
    output_usd: float
    cached_usd: float | None = None
    """For what was read from a cache; as `input_usd` where it isn't said."""


def priced(usage: Usage, model: str | None, prices: Iterable[Price]) -> Usage:
    """Return a usage with its cost, where the agent told none and the first fitting price does."""
    if usage.cost_usd is not None or model is None:
        return usage
    price = next((price for price in prices if fnmatchcase(model, price.model)), None)
    return usage if price is None else replace(usage, cost_usd=_cost(usage, price))


def _cost(usage: Usage, price: Price) -> str:
    """Add up; most count what came from a cache among what went in, some beside it."""
    from decimal import Decimal

    cached = usage.cached_tokens
    fresh = usage.input_tokens - cached if cached <= usage.input_tokens else usage.input_tokens
    rates = (price.input_usd, price.output_usd, price.cached_usd)
    full, out, less = (Decimal(str(price.input_usd if rate is None else rate)) for rate in rates)
    total = (fresh * full + usage.output_tokens * out + cached * less) / PER
    return format(round(total, 9).normalize(), "f")
