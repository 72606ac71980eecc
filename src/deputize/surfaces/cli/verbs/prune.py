"""Take what has ended long ago out of the store, into files that keep it.

Tasks that are final, with their attempts, changes and answers; attempts' logs; and the beginning of
the audit trail: each once it is older than `[retention]` says, unless something still needs it.
They are written to `archive/` in deputize's home first, and deleted when the file was read back.
Workers do the same by themselves, about once a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, age

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.context import Desk
    from deputize.desk.pruning import Counts
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize prune --dry-run
  deputize prune --older-than 30d
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `prune` takes."""
    parser.add_argument(
        "--dry-run", action="store_true", help="say what would go, and let it all stay"
    )
    parser.add_argument(
        "--older-than",
        type=age,
        metavar="SPAN",
        help="what ended longer ago than this, such as 30d, whatever the settings say",
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Prune, telling of each file on stderr, and print how much went."""
    from deputize.desk.context import open_desk
    from deputize.desk.pruning import would_go

    with open_desk() as desk:
        if arguments.dry_run:
            _print(would_go(desk, arguments.older_than), None, output)
        else:
            _prune(desk, arguments.older_than, output)
    return 0


def _prune(desk: Desk, older_than: int | None, output: Output) -> None:
    from deputize.desk.pruning import Counts, counts_of, go

    files = []
    total = Counts()
    for made in go(desk, older_than):
        files.append(made.file)
        total = total.plus(counts_of(made))
        output.note(f"{made.file}: {total.tasks} tasks and {total.events} events so far")
    _print(total, files, output)


def _print(counts: Counts, files: list[str] | None, output: Output) -> None:
    if output.json:
        output.document({"dry_run": files is None, **counts.document(), "files": files or []})
        return
    would = "would go" if files is None else "archived"
    mib = counts.log_bytes / (1 << 20)
    output.text(
        f"{would}: {counts.tasks} tasks, {counts.attempts} attempts, {counts.events} events, "
        f"{counts.log_files} log files ({mib:.1f} MiB)"
    )
