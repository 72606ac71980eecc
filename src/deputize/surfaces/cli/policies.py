"""How the policy is asked about, and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import task_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping

    from deputize.desk.policy import Standing
    from deputize.surfaces.cli.output import Output

USUAL_ROLE = "writer"


def add_subject(parser: ArgumentParser) -> None:
    """Let a verb say for whom the policy is asked: a task, or one that there might be."""
    add = parser.add_argument
    add("--task", metavar="ID", type=task_id, help="what holds for this task: 12 or #12")
    add("--role", metavar="ROLE", help=f"a new task of this role (default: {USUAL_ROLE})")
    add("--agent", metavar="NAME", help="a new task of this agent (default: that of the role)")
    add("--kind", metavar="K", help="a new task of this kind")
    add("--repo", metavar="PATH", help="a new task of this repository (default: this folder's)")


def standing_of(arguments: Namespace) -> Standing:
    """Return what holds for whom the arguments name."""
    from pathlib import Path

    from deputize.config.home import find_home
    from deputize.desk.context import open_desk
    from deputize.desk.policy import here, of_anyone, of_task, subject_of
    from deputize.errors import InvalidInput

    if arguments.task is None:
        home = find_home()
        subject = subject_of(home, arguments.role or USUAL_ROLE, arguments.agent, arguments.kind)
        named = None if arguments.repo is None else Path(arguments.repo)
        return of_anyone(home, named or here(), subject)
    if arguments.role or arguments.agent or arguments.kind or arguments.repo:
        message = "--task says for whom: it goes with none of --role, --agent, --kind and --repo"
        raise InvalidInput(message, hint="leave out the others")
    with open_desk() as desk:
        return of_task(desk, arguments.task)


def print_standing(output: Output, standing: Standing) -> None:
    """Print what holds for a task."""
    from deputize.desk.policy import restrictions
    from deputize.surfaces.cli.output import bold, dim

    subject, policy = standing.subject, standing.policy
    who = f"#{standing.task}" if standing.task else f"a {subject.role} of {subject.agent}"
    output.text(bold(f"{policy.profile}"), dim(f"  the profile of {who}"))
    writes = "writes its workspace" if standing.bounds.may_write else "changes nothing"
    asks = "asks before each tool call" if standing.asks else "does not ask: its sandbox holds it"
    output.text(dim(f"{writes}; {subject.agent} {asks}"))
    for rule in policy.rules:
        for key, words in restrictions(rule).items():
            output.text(f"{rule.name}.{key}  ", dim("= "), ", ".join(words))


def print_decision(output: Output, told: Mapping[str, object]) -> None:
    """Print an answer of the gate."""
    from deputize.surfaces.cli.output import green, red, yellow

    verdict = str(told.get("verdict"))
    colour = {"allow": green, "ask": yellow}.get(verdict, red)
    output.text(colour(verdict), f"  {told.get('tool')}: {told.get('what')}")
    output.text(f"  {told.get('rule')}: {told.get('reason')}")
