"""What the model's work came to, each of it told once: pure.

The program counts from the beginning of a session, in whatever process that was; what it had
counted when we came is no part of ours.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import Used
from deputize.agents.jsonl import Json, as_object, as_text
from deputize.model.attempt import NO_USAGE, Usage, cost_in, count_in

if TYPE_CHECKING:
    from collections.abc import Iterator

UNKNOWN_COST = "unknown"
"""The basis of a cost that the program has made up, as it knows no price of the model."""

Sums = dict[str, Usage]


class Ledger:
    """What was told so far, by model."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self._before: Sums | None = None
        self._told: Sums = {}
        self._call: Json = {}
        self._model: str | None = None

    @property
    def is_asked(self) -> bool:
        """Tell whether the program has said what it had counted when we came."""
        return self._before is not None

    def answered(self, totals: Json) -> Iterator[Used]:
        """Yield what is new in the sums of the session; the first ones are from before us."""
        if self._before is None:
            self._before = _sums(totals)
            return
        before = self._before
        yield from self._new(
            {model: _less(usage, before.get(model)) for model, usage in _sums(totals).items()}
        )

    def hear(self, message: Json) -> Iterator[Used]:
        """Yield what a message tells of a call, where the sums aren't asked for, or of all."""
        if message.get("type") == "result":
            yield from self._settle(_sums(as_object(message.get("model_usage_since_last_result"))))
        elif message.get("type") == "stream_event" and not self.is_asked:
            yield from self._calling(as_object(message.get("event")))

    def _calling(self, event: Json) -> Iterator[Used]:
        if event.get("type") == "message_start":
            begun = as_object(event.get("message"))
            self._call = as_object(begun.get("usage"))
            self._model = as_text(begun.get("model")) or None
        elif event.get("type") == "message_delta":
            used = _of_call({**self._call, **as_object(event.get("usage"))})
            self._call = {}
            if used != NO_USAGE:
                name = self._model or ""
                self._told[name] = self._told.get(name, NO_USAGE).plus(used)
                yield Used(usage=used, model=self._model)

    def _settle(self, since: Sums) -> Iterator[Used]:
        """Yield what was not told yet: the calls of helpers, and what was counted too late."""
        if self.is_asked:
            yield from self._new(since)
            return
        # A call and the sums may name one model differently, so only all of them are compared.
        more = replace(_less(_all(since), _all(self._told)), cost_usd=None)
        if more != NO_USAGE:
            yield Used(usage=more, model=self._model)

    def _new(self, since: Sums) -> Iterator[Used]:
        for model, usage in since.items():
            more = _less(usage, self._told.get(model))
            if not more.is_nothing:
                self._told[model] = usage
                yield Used(usage=more, model=model)


def calls_end(message: Json) -> bool:
    """Tell whether a message is the end of a call of the model."""
    event = as_object(message.get("event"))
    return message.get("type") == "stream_event" and event.get("type") == "message_stop"


def _all(sums: Sums) -> Usage:
    total = NO_USAGE
    for usage in sums.values():
        total = total.plus(replace(usage, cost_usd=None))
    return total


def _of_call(usage: Json) -> Usage:
    details = as_object(usage.get("output_tokens_details"))
    cached = count_in(usage.get("cache_read_input_tokens"))
    written = count_in(usage.get("cache_creation_input_tokens"))
    return Usage(
        input_tokens=count_in(usage.get("input_tokens")) + cached + written,
        output_tokens=count_in(usage.get("output_tokens")),
        cached_tokens=cached,
        reasoning_tokens=count_in(details.get("thinking_tokens")),
    )


def _sums(totals: Json) -> Sums:
    return {model: _sum(as_object(told)) for model, told in totals.items()}


def _sum(told: Json) -> Usage:
    cached = count_in(told.get("cacheReadInputTokens"))
    written = count_in(told.get("cacheCreationInputTokens"))
    return Usage(
        input_tokens=count_in(told.get("inputTokens")) + cached + written,
        output_tokens=count_in(told.get("outputTokens")),
        cached_tokens=cached,
        reasoning_tokens=count_in(told.get("thinkingTokens")),
        cost_usd=_cost(told),
    )


def _cost(told: Json) -> str | None:
    return None if as_text(told.get("costBasis")) == UNKNOWN_COST else cost_in(told.get("costUSD"))


def _less(usage: Usage, before: Usage | None) -> Usage:
    return usage if before is None else usage.beyond(before)
