"""List agents' conversations, the one used last first: `sessions resume` goes on in one of them.

A session's state, role, label and plan are those of the task that used it last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, add_narrowing, narrowing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.session import Session
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions list
  deputize sessions list --agent copilot --since 2h --json
  deputize sessions resume SESSION "And now the tests"
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions list` takes."""
    add_narrowing(parser, "sessions", role="of tasks of this role", since="used")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the sessions, each once, with the attempt that used it last."""
    from deputize.desk.context import open_desk
    from deputize.desk.sessions import document, listing

    with open_desk() as desk:
        found = listing(desk, narrowing_of(arguments))
    if output.json:
        output.document([document(one) for one in found])
        return 0
    head = ("SESSION", "AGENT", "TASK", "ATTEMPT", "PROVIDER", "ASKS", "USED")
    output.table([_row(one) for one in found], head)
    return 0


def _row(session: Session) -> tuple[str, ...]:
    from deputize.surfaces.cli.times import ago

    asks = {None: "?", True: "no", False: "yes"}[session.terms.allow_all]
    return (
        session.token,
        session.agent,
        f"#{session.task}" if session.task else "–",
        str(session.number or "–"),
        session.terms.provider or "its own",
        "–" if session.task is None else asks,
        "in use" if session.used_by else ago(session.used_at),
    )
