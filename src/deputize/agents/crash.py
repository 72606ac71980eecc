"""What it amounts to that an agent's program was gone before it was done: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.base import Report
from deputize.agents.command.program import NOT_FOUND, ending
from deputize.agents.failures import failure_of
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def crashed(how: tuple[int, int | None], last: Iterable[str], now: datetime) -> Report:
    """Tell it from exit code and signal, and from the `last` lines on its error output."""
    exit_code, killed_by = how
    said = "\n".join(last)
    failure = failure_of(text=said, now=now)
    outcome = failure.outcome
    if killed_by is not None or outcome is Outcome.AGENT_ERROR:
        missing = killed_by is None and exit_code == NOT_FOUND
        outcome = Outcome.AGENT_MISSING if missing else Outcome.AGENT_CRASHED
    error = f"the agent's program {ending(exit_code, killed_by)} before it was done\n{said}".strip()
    return Report(outcome=outcome, exit_code=exit_code, error=error, retry_at=failure.retry_at)
