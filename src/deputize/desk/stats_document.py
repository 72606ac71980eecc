"""The JSON document of how the queue does, redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.desk.documents import cost_of, standing_document
from deputize.redaction import redacted_value
from deputize.store.rows import maybe_text, to_text

if TYPE_CHECKING:
    from deputize.desk.documents import Document
    from deputize.model.stats import Stats, Taken, Waits


def stats_document(stats: Stats) -> Document:
    """Describe how the queue does; spans are seconds, a rate is from 0 to 1."""
    spreads = {"claim": stats.claim, "start": stats.start, "run": stats.run}
    document = {
        "since": to_text(stats.since),
        "until": to_text(stats.now),
        "capped": stats.capped,
        "outcomes": {reason.outcome: reason.ended_count for reason in stats.reasons},
        "reasons": [reason._asdict() | {"rate": _rounded(reason.rate)} for reason in stats.reasons],
        "succeeded_per_hour": round(stats.per_hour, 3),
        "failure_rate": _rounded(stats.failure_rate),
        "retry_rate": _rounded(stats.retry_rate),
        **{
            f"{name}_seconds": {key: _rounded(value) for key, value in found._asdict().items()}
            if found
            else None
            for name, found in spreads.items()
        },
        "queue": [
            {
                "role": depth.role,
                "state": depth.state,
                "task_count": depth.task_count,
                "oldest_ready_at": maybe_text(depth.oldest_ready_at),
            }
            for depth in stats.depths
        ],
        "contention": _waits(stats.waits) | {"lost_lease_count": stats.lost_count},
        "workers": [load._asdict() | {"waits": _waits(load.waits)} for load in stats.loads],
        "usage": [_taken(taken) for taken in stats.taken],
        "spent": [standing_document(standing) for standing in stats.spent],
    }
    return cast("Document", redacted_value(document))


def _taken(taken: Taken) -> Document:
    usage, spent = taken.usage, taken.spent
    return {
        **taken.served._asdict(),
        "attempt_count": taken.attempt_count,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cached_tokens": usage.cached_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "unpriced_tokens": spent.unpriced_tokens,
        "cost_usd": cost_of(spent),
    }


def _waits(waits: Waits) -> Document:
    return waits._asdict() | {"waited_rate": _rounded(waits.rate)}


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
