"""Copy the database to a new file while work goes on, and prove that the copy is whole.

The copy is of one moment: every task and the whole audit trail. To restore it, let all workers end
(`deputize down`), put it in the place of `deputize.db` in deputize's home, and remove
`deputize.db-wal` and `deputize.db-shm` beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize store backup ~/backups/deputize-$(date +%F).db
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `store backup` takes."""
    parser.add_argument("file", metavar="FILE", help="where to; nothing is overwritten")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Make the backup and say what is in it."""
    from deputize.desk.context import open_desk
    from deputize.desk.storing import backup

    with open_desk() as desk:
        made = backup(desk, arguments.file)
    if output.json:
        output.document(
            {
                "path": str(made.path),
                "size_bytes": made.size_bytes,
                "entry_count": made.entry_count,
            }
        )
    else:
        size = made.size_bytes / (1 << 20)
        output.text(f"{made.path}: {size:.1f} MiB, {made.entry_count} entries, chain unbroken")
    return 0
