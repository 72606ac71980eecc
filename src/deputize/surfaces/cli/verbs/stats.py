"""How the queue does, in numbers: what ended and how, how long things took, what waits.

The newest 5000 attempts since then are looked at, so that it costs the same whatever the history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, past

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from deputize.model.budget import Standing
    from deputize.model.stats import Depth, Load, Reason, Spread, Stats, Taken
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize stats
  deputize stats --since 7d --json
"""


TAKEN = ("AGENT", "MODEL", "ATTEMPTS", "TOKENS IN", "CACHED", "OUT", "COST")


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `stats` takes."""
    parser.add_argument(
        "--since", type=past, metavar="WHEN", help="RFC 3339, or 2h ago (default: 1d)"
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the numbers."""
    from deputize.desk.context import open_desk
    from deputize.desk.stats import gather
    from deputize.desk.stats_document import stats_document

    with open_desk() as desk:
        found = gather(desk, arguments.since)
    if output.json:
        output.document(stats_document(found))
    else:
        _print(output, found)
    return 0


def _print(output: Output, found: Stats) -> None:
    from deputize.desk.stats import MOST_ENDED
    from deputize.surfaces.cli.times import ago

    more = f" (the newest {MOST_ENDED})" if found.capped else ""
    output.text(f"since {ago(found.since)} ago{more}: {found.per_hour:.1f} succeeded per hour")
    output.table([_reason(reason) for reason in found.reasons], indent="  ")
    if found.failure_rate is not None:
        output.text(f"{found.failure_rate:.0%} of all tries failed")
    if found.retry_rate:
        output.text(f"{found.retry_rate:.0%} of all attempts were followed by another")
    if found.waits.rate is not None:
        output.text(_waits(found))
    rows = list(_spreads(found))
    if rows:
        output.text()
        output.table(rows, ("SECONDS", "HALF", "95 OF 100", "LONGEST"))
    if found.depths:
        output.text()
        output.table(
            [_depth(depth) for depth in found.depths], ("ROLE", "STATE", "TASKS", "OLDEST")
        )
    if found.loads:
        output.text()
        output.table(
            [_load(load) for load in found.loads], ("WORKER", "BUSY", "ENDED", "SUCCEEDED")
        )
    if found.taken:
        output.text()
        output.table([_taken(taken) for taken in found.taken], TAKEN)
    if found.spent:
        output.text()
        rows = [_spent(standing) for standing in found.spent]
        output.table(rows, ("SPENT TODAY", "TOKENS", "COST", "BUDGET"))


def _taken(taken: Taken) -> tuple[str, ...]:
    from deputize.surfaces.cli.spending import cost_in_words

    served, usage = taken.served, taken.usage
    place = f" at {served.provider}" if served.provider else ""
    return (
        f"{served.agent}{place}",
        served.model or "its own",
        str(taken.attempt_count),
        f"{usage.input_tokens:,}",
        f"{usage.cached_tokens:,}",
        f"{usage.output_tokens:,}",
        cost_in_words(taken.spent),
    )


def _spent(standing: Standing) -> tuple[str, ...]:
    from deputize.model.budget import Scope
    from deputize.surfaces.cli.spending import cost_in_words

    account, spent = standing.account, standing.spent
    name = "all" if account.scope is Scope.DAY else f"{account.scope} {account.name}"
    return name, f"{spent.tokens:,}", cost_in_words(spent), standing.told


def _reason(reason: Reason) -> tuple[str, ...]:
    again = f"{reason.retried_count} tried again" if reason.retried_count else ""
    return str(reason.outcome), str(reason.ended_count), f"{reason.rate:.0%}", again


def _waits(found: Stats) -> str:
    waits = found.waits
    longest = f", for {waits.longest_seconds:.3f} s at most" if waits.waited_count else ""
    return (
        f"{waits.rate:.1%} of {waits.write_count} writes waited for others{longest}; "
        f"{found.lost_count} leases were lost"
    )


def _load(load: Load) -> tuple[str, ...]:
    busy = f"{load.busy} of {load.slots}"
    return load.worker, busy, str(load.ended_count), str(load.succeeded_count)


def _spreads(found: Stats) -> Iterator[tuple[str, ...]]:
    named = (("waited", found.claim), ("to start", found.start), ("ran", found.run))
    for name, spread in named:
        if spread:
            yield (name, *_figures(spread))


def _figures(spread: Spread) -> tuple[str, ...]:
    return tuple(f"{value:.2f}" for value in (spread.p50, spread.p95, spread.longest))


def _depth(depth: Depth) -> tuple[str, ...]:
    from deputize.surfaces.cli.times import ago

    oldest = f"ready for {ago(depth.oldest_ready_at)}" if depth.oldest_ready_at else ""
    return depth.role, depth.state, str(depth.task_count), oldest
