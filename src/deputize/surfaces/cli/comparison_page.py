"""Tasks side by side: what `compare` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.plan_page import print_race
from deputize.surfaces.cli.task_lines import state_of, why
from deputize.surfaces.cli.task_page import cost_of
from deputize.surfaces.cli.times import span

if TYPE_CHECKING:
    from deputize.desk.comparing import Compared, Comparison
    from deputize.surfaces.cli.output import Output, Part

TITLES = ("ID", "AGENT", "STATE", "FILES", "LINES", "CHECKS", "TIME", "TOKENS", "COST", "WHY")


def print_comparison(output: Output, comparison: Comparison) -> None:
    """Print the tasks of a plan, one per line."""
    plan = comparison.view.plan
    output.text(f"p{plan.id} ", state_of(comparison.view.state), f": {plan.title}")
    print_race(output, comparison.view)
    output.table([_row(row) for row in comparison.rows], TITLES)
    output.note("hint: `deputize diff ID` shows what each has done")


def _row(row: Compared) -> tuple[Part, ...]:
    task, size, usage = row.view.task, row.size, row.usage
    tokens = usage.input_tokens + usage.output_tokens
    return (
        f"#{task.id}",
        f"{row.agent}:{row.model}" if row.model else row.agent,
        state_of(task.state),
        str(size.file_count) if size else "–",
        f"+{size.added} -{size.removed}" if size else "–",
        _checks(row),
        span(row.seconds) if row.view.attempts else "–",
        f"{tokens:,}" if tokens else "–",
        cost_of(usage) or "–",
        row.view.waiting_for or why(task) or ("chosen" if row.is_chosen else ""),
    )


def _checks(row: Compared) -> str:
    """Say which checks failed, or how many passed."""
    failed = [check.name for check in row.checks if not check.passed]
    if failed:
        return f"failed: {', '.join(failed)}"
    return f"{len(row.checks)} passed" if row.checks else "–"
