"""Copy the whole store to another database: from a file to PostgreSQL, or back.

The copy is of one moment, is checked row for row in number, and its audit trail is verified. The
target must hold nothing yet. A password is better kept in ~/.pgpass or PGPASSWORD than in the
address, which other users of the machine can see. Afterwards set DEPUTIZE_DATABASE, or the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize store copy --to postgresql://ada@db.example.org/deputize
  deputize store copy --to sqlite:///var/backups/deputize.db
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `store copy` takes."""
    parser.add_argument("--to", metavar="URL", required=True, help="the other database")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Copy, telling of each table on stderr, and print what is in the copy."""
    from deputize.desk.context import open_desk
    from deputize.desk.moving import copy

    with open_desk() as desk:
        moved = copy(desk, arguments.to, lambda name, count: output.note(f"{name}: {count}"))
    copied = moved.copied
    if output.json:
        output.document(
            {
                "from": moved.source,
                "to": moved.target,
                "tables": dict(copied.tables),
                "proven": copied.proven,
                "unsealed": copied.unsealed,
            }
        )
    else:
        rows = sum(copied.tables.values())
        chain = f"{copied.proven} entries of its audit trail in an unbroken chain"
        output.text(f"{rows} rows are in {moved.target}, {chain}")
    if moved.running:
        output.note(f"{moved.running} workers go on with {moved.source}: `deputize down` first")
    return 0
