"""Usage is told once, whatever process of a session it was counted in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.base import Used
from deputize.agents.claude.ledger import Ledger
from deputize.model.attempt import Usage

if TYPE_CHECKING:
    from deputize.agents.jsonl import Json

MODEL = "claude-opus-5-5"
CALL: Json = {"cache_read_input_tokens": 200, "input_tokens": 1000, "output_tokens": 1}


def _sums(calls: int, cost: float, **more: object) -> Json:
    told: Json = {
        "inputTokens": 1000 * calls,
        "outputTokens": 50 * calls,
        "cacheReadInputTokens": 200 * calls,
        "cacheCreationInputTokens": 30 * calls,
        "thinkingTokens": 9 * calls,
        "costUSD": cost,
        "costBasis": "list",
    }
    return {MODEL: {**told, **more}}


def _used(calls: int, cost: str | None) -> Used:
    tokens = {
        "input_tokens": 1230,
        "output_tokens": 50,
        "cached_tokens": 200,
        "reasoning_tokens": 9,
    }
    counted = {name: calls * count for name, count in tokens.items()}
    return Used(usage=Usage(**counted, cost_usd=cost), model=MODEL)


def _result(sums: Json) -> Json:
    return {"type": "result", "model_usage_since_last_result": sums, "modelUsage": _sums(99, 9.9)}


def test_what_a_session_had_used_before_is_not_told() -> None:
    """Sums are told by what they grow, from the first answer on; the last message adds the rest."""
    ledger = Ledger()
    assert list(ledger.answered(_sums(4, 0.4))) == []
    assert list(ledger.answered(_sums(5, 0.55))) == [_used(1, "0.15")]
    assert list(ledger.answered(_sums(5, 0.55))) == []
    assert list(ledger.hear(_result(_sums(3, 0.25)))) == [_used(2, "0.1")]


def test_a_cost_that_grows_without_tokens_is_told() -> None:
    """Money that was spent on something else counts too, and what it was, once."""
    ledger = Ledger()
    list(ledger.answered(_sums(1, 0.1)))
    (used,) = ledger.answered(_sums(1, 0.25))
    assert used == Used(usage=Usage(cost_usd="0.15"), model=MODEL)
    assert list(ledger.answered(_sums(1, 0.25))) == []


def test_a_call_is_not_told_beside_the_sums() -> None:
    """Where the sums are asked for, the stream's own counts are left out."""
    ledger = Ledger()
    list(ledger.answered({}))
    assert list(ledger.hear(_event("message_delta", usage=CALL))) == []


def test_calls_are_told_as_they_come_where_no_price_is_paid() -> None:
    """Without sums each call is told by its stream, without a cost, and the last message's rest."""
    ledger = Ledger()
    begun = {"model": MODEL, "usage": CALL}
    assert list(ledger.hear(_event("message_start", message=begun))) == []
    ended = {"output_tokens": 50, "output_tokens_details": {"thinking_tokens": 9}}
    (used,) = ledger.hear(_event("message_delta", usage=ended))
    counted = Usage(input_tokens=1200, output_tokens=50, cached_tokens=200, reasoning_tokens=9)
    assert used == Used(usage=counted, model=MODEL)
    named_otherwise = {f"{MODEL}[1m]": _sums(2, 0.2)[MODEL]}
    (rest,) = ledger.hear(_result(named_otherwise))
    more = Usage(input_tokens=1260, output_tokens=50, cached_tokens=200, reasoning_tokens=9)
    assert rest.usage == more


def test_a_made_up_cost_is_none() -> None:
    """Where the program knows no price of the model, its cost is unknown, not a guess."""
    ledger = Ledger()
    list(ledger.answered({}))
    assert list(ledger.answered(_sums(1, 0.1, costBasis="unknown"))) == [_used(1, None)]


def test_what_is_no_cost_is_none() -> None:
    """Neither a word, nor a truth, nor what is beyond measure is taken for money."""
    for odd in ("1", True, -1, float("nan"), float("inf"), 1e300, None):
        ledger = Ledger()
        list(ledger.answered({}))
        (used,) = ledger.answered(_sums(1, 0, costUSD=odd))
        assert used.usage.cost_usd is None


def _event(kind: str, **more: object) -> Json:
    return {"type": "stream_event", "event": {"type": kind, **more}}


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


SUMS = st.dictionaries(st.text(), ANY, max_size=3)


@given(SUMS, SUMS)
def test_no_sums_break_it(first: Json, second: Json) -> None:
    """Any JSON in place of sums and of usage is taken."""
    ledger = Ledger()
    for kind in ("message_start", "message_delta"):
        list(ledger.hear(_event(kind, message=first, usage=second)))
    list(ledger.answered(first))
    list(ledger.answered({"m": second}))
    list(ledger.hear(_result(first)))
