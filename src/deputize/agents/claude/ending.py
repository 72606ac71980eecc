"""What Claude Code's last message amounts to: pure.

Neither its exit code nor the message's `subtype` is to be trusted: the one is 0 after an interrupt,
the other stays `success` where the model has failed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.base import Report
from deputize.agents.failures import LONGEST_WAIT, failure_of
from deputize.agents.jsonl import Json, as_list, as_text
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from datetime import datetime

NO_CREDIT = "credit balance"
"""What Anthropic says, with status 400, where an account has nothing left."""
TAKEN = "is already in use"
"""What the program says of the name for a new session where there is one of that name."""
COMPLETED = frozenset({"", "completed"})


def report_of(result: Json, resets_at: datetime | None, now: datetime) -> Report:
    """Tell how it ended; `resets_at` is what was told of a limit's end on the way."""
    said, reason = as_text(result.get("result")).strip(), as_text(result.get("terminal_reason"))
    is_error = result.get("is_error") is not False or result.get("subtype") != "success"
    if not is_error and reason in COMPLETED:
        return Report(outcome=Outcome.SUCCEEDED, answer=said)
    error = _error(result, said, reason)
    told = result.get("api_error_status")
    status = told if isinstance(told, int) and NO_CREDIT not in error.lower() else None
    failure = failure_of(status=status, text=error, now=now)
    retry_at = failure.retry_at
    if retry_at is None and failure.outcome in {Outcome.RATE_LIMITED, Outcome.QUOTA_SPENT}:
        retry_at = resets_at if resets_at and now <= resets_at <= now + LONGEST_WAIT else None
    return Report(outcome=failure.outcome, error=error, retry_at=retry_at)


def is_unknown_session(result: Json) -> bool:
    """Tell whether it did nothing at all, as where the session to resume is unknown."""
    return result.get("subtype") == "error_during_execution" and result.get("num_turns") == 0


def is_taken(report: Report) -> bool:
    """Tell whether it ended because the session that it was to begin is there already."""
    return report.outcome is Outcome.AGENT_CRASHED and TAKEN in (report.error or "")


def _error(result: Json, said: str, reason: str) -> str:
    """Return its words for what went wrong, else its reason."""
    told = (as_text(each).strip() for each in as_list(result.get("errors")))
    words = said if result.get("is_error") is True else ""
    early = f"the agent stopped early: {reason or result.get('subtype') or 'no reason given'}"
    return words or "\n".join(each for each in told if each) or early
