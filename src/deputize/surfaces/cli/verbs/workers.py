"""List the workers that run, and those that ended without saying so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.worker import Worker
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize workers
  deputize workers --role tester --state working
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `workers` takes."""
    add_narrowing(parser, "workers", role="that take this role", since="started", of_tasks=False)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the workers."""
    from deputize.desk.context import open_desk
    from deputize.desk.documents import worker_document
    from deputize.desk.stations import listing

    wanted = narrowing_of(arguments)
    with open_desk() as desk:
        found = listing(desk, wanted)
    if output.json:
        output.document([worker_document(worker, alive=alive) for worker, alive in found])
        return 0
    rows = [_row(worker, alive=alive) for worker, alive in found]
    output.table(rows, ("ID", "PID", "STATE", "SLOTS", "ROLES", "AGE", "SEEN"))
    if not (found or wanted.is_narrow):
        output.note("no worker runs; `deputize add` starts one, or `deputize up`")
    return 0


def _row(worker: Worker, *, alive: bool) -> tuple[Part, ...]:
    from deputize.desk.stations import state_of
    from deputize.surfaces.cli.output import red
    from deputize.surfaces.cli.times import ago

    state = state_of(worker, alive=alive)
    return (
        worker.id,
        worker.identity.partition(":")[0],
        state if alive else red(state),
        str(worker.slots),
        ", ".join(worker.roles) or "any",
        ago(worker.started_at),
        f"{ago(worker.seen_at)} ago",
    )
