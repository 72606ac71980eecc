"""What `approve` and `deny` share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, refuse_both
from deputize.surfaces.cli.waking import wake_up

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable

    from deputize.desk.context import Desk
    from deputize.model.approval import Approval
    from deputize.surfaces.cli.output import Output

    Answer = Callable[[Desk, int, str | None], Approval]


def add_answer_arguments(parser: ArgumentParser) -> None:
    """Let a verb name questions and give a reason."""
    parser.add_argument(
        "ids", metavar="ID", nargs="*", help="a question (a3), or a task (12) that has only one"
    )
    parser.add_argument("--latest", action="store_true", help="the newest open question")
    parser.add_argument("--reason", metavar="TEXT", help="kept in the audit trail")
    add_format(parser)


def answer_all(arguments: Namespace, output: Output, answer: Answer) -> None:
    """Answer each question that was named; all must be known before the first is answered."""
    from deputize.desk.answers import refuse_agents
    from deputize.desk.context import open_desk
    from deputize.desk.documents import approval_document

    with open_desk() as desk:
        refuse_agents(desk)
        asked = _chosen(desk, arguments)
        answered = [answer(desk, approval_id, arguments.reason) for approval_id in asked]
        wake_up(desk, output)
    if output.json:
        output.document([approval_document(approval) for approval in answered])
        return
    for approval in answered:
        output.text(f"a{approval.id} {approval.state}: {approval.subject}")
        if approval.consents and approval.state == "open":
            said = ", ".join(who.removeprefix("person:") for who in approval.consents)
            output.note(f"said yes so far: {said}; another has to")


def _chosen(desk: Desk, arguments: Namespace) -> list[int]:
    """Return the questions that were named, each once."""
    from deputize.desk.answers import find, latest
    from deputize.errors import InvalidInput

    refuse_both(arguments, arguments.ids)
    if arguments.latest:
        return [latest(desk).id]
    if not arguments.ids:
        raise InvalidInput("which question?", hint="give an id such as a3, or --latest")
    return list(dict.fromkeys(find(desk, word).id for word in arguments.ids))
