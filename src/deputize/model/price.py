"""Models as a catalogue knows them, and what their tokens cost where no agent says. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from deputize.model.attempt import Usage

PER = 1_000_000
"""Prices are dollars for this many tokens."""
_DATED = re.compile(r"-20\d\d-?\d\d-?\d\d$")
"""The day of a model's release, at the end of its name."""


class KnownModel(NamedTuple):
    """One `[[models]]` table; prices are dollars for a million tokens, what isn't known is None."""

    name: str
    """As an agent tells it, without the day of its release; `*` stands for anything."""
    provider: str | None = None
    """Where this holds: a provider, or an agent with a login of its own. Everywhere."""
    context_tokens: int | None = None
    input_usd: float | None = None
    output_usd: float | None = None
    cached_usd: float | None = None
    """For what was read from a cache; as `input_usd` where it isn't said."""
    priced_up_to_tokens: int | None = None
    """Calls into which more tokens go have another price, which isn't known here."""
    recommended_for: tuple[str, ...] | None = None
    """Kinds of tasks, and roles."""

    @property
    def is_priced(self) -> bool:
        """Tell whether its price is known."""
        return self.input_usd is not None and self.output_usd is not None


def describe(
    model: str, served_by: Collection[str], models: Iterable[KnownModel]
) -> KnownModel | None:
    """Return what is known of a model: of each field, what the first entry says that fits.

    `served_by` has all the names of the place that serves it.
    """
    fitting = [each for each in models if _fits(each, model, served_by)]
    if not fitting:
        return None
    told = {
        field: next(
            (value for each in fitting if (value := getattr(each, field)) is not None), None
        )
        for field in KnownModel._fields
    }
    return KnownModel(**told | {"name": model})  # type: ignore[arg-type]


def _fits(known: KnownModel, model: str, served_by: Collection[str]) -> bool:
    named = (model, _DATED.sub("", model))
    is_named = any(fnmatchcase(name, known.name) for name in named)
    return is_named and (known.provider is None or known.provider in served_by)


def priced(
    usage: Usage, model: str | None, served_by: Collection[str], models: Iterable[KnownModel]
) -> Usage:
    """Return a usage with its cost, where the agent told none and the model's price is known."""
    if usage.cost_usd is not None or model is None:
        return usage
    known = describe(model, served_by, models)
    most = known and known.priced_up_to_tokens
    if known is None or not known.is_priced or (most and usage.input_tokens > most):
        return usage
    return replace(usage, cost_usd=_cost(usage, known))


def _cost(usage: Usage, known: KnownModel) -> str:
    """Add up; most count what came from a cache among what went in, some beside it."""
    from decimal import Decimal

    cached = usage.cached_tokens
    fresh = usage.input_tokens - cached if cached <= usage.input_tokens else usage.input_tokens
    rates = (known.input_usd, known.output_usd, known.cached_usd)
    full, out, less = (Decimal(str(known.input_usd if rate is None else rate)) for rate in rates)
    total = (fresh * full + usage.output_tokens * out + cached * less) / PER
    return format(round(total, 9).normalize(), "f")
