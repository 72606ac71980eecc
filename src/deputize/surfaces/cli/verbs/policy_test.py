"""Say what the policy would answer to a tool call, and which rule says so.

A call is `read`, `write`, `shell`, `network` or `memory` and what it is about, or an agent's own
name of a tool and its arguments, as JSON. Nothing is run. The exit code is 0 for yes, 4 for no, and
75 where a person would be asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format
from deputize.surfaces.cli.policies import add_subject, standing_of

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize policy test 'shell: git push --force'
  deputize policy test 'read: ~/.ssh/id_ed25519'
  deputize policy test 'github__create_issue: {"title": "x"}' --task 12 --json
"""
EXITS = {"allow": 0, "deny": 4, "ask": 75}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `policy test` takes."""
    parser.add_argument("call", metavar="CALL", help="a tool call, such as 'shell: rm -rf build'")
    add_subject(parser)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the answer."""
    from deputize.desk.policy import answer, decision_document
    from deputize.surfaces.cli.policies import print_decision

    standing = standing_of(arguments)
    action, decision = answer(standing, arguments.call)
    if output.json:
        output.document(decision_document(action, decision))
    else:
        print_decision(output, decision_document(action, decision))
        if not standing.asks:
            who = standing.subject.agent
            output.warn(f"{who} does not ask before each tool call: only its sandbox holds it")
    return EXITS[decision.verdict]
