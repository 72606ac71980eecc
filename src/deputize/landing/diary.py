"""What landing tells of a change in the log of the attempt that it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.attempt_log import AttemptLog
from deputize.store import attempts

if TYPE_CHECKING:
    from deputize.model.change import Change, CheckResult
    from deputize.workshop import Workshop


def tell_check(shop: Workshop, change: Change, result: CheckResult) -> None:
    """Write how a check ended, and what it printed where it failed."""
    how = "passed" if result.passed else f"failed with exit code {result.exit_code}"
    how = "ran out of time" if result.exit_code is None else how
    _write(shop, change, f"check {result.name}: {how}", "" if result.passed else result.output)


def tell_end(shop: Workshop, change: Change) -> None:
    """Write what became of the change."""
    landed = change.landed_commit and f"{change.target} is at {change.landed_commit[:12]}"
    why = change.reason or landed or ""
    _write(shop, change, f"c{change.id} {change.state}: {why}".removesuffix(": "))


def _write(shop: Workshop, change: Change, milestone: str, output: str = "") -> None:
    with shop.database.read() as transaction:
        path = attempts.get(transaction, change.attempt).log
    if path is None or not Path(path).exists():
        return
    with AttemptLog(Path(path)) as log:
        log.milestone(milestone)
        if output:
            log.stderr(output)
