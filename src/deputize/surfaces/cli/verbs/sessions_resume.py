"""Queue a task that goes on in a session, in the repository where that was used last.

The same as `deputize add PROMPT --session TOKEN` there, with the same options. The gate and its
hooks are applied again, as for any task. Without a prompt the agent is told to go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.sessions import add_token
from deputize.surfaces.cli.verbs import add

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.session import Session
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize sessions resume SESSION "And now the tests"
  deputize sessions resume SESSION --wait
"""
GO_ON = "Go on where you left off."


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `sessions resume` takes."""
    add_token(parser)
    add.add_arguments_of_a_task(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Queue the task as `add` does."""
    from deputize.desk.context import open_desk
    from deputize.desk.sessions import find

    with open_desk() as desk:
        session = find(desk, arguments.session, arguments.agent)
    _fill_in(arguments, session)
    return add.run(arguments, output)


def _fill_in(arguments: Namespace, session: Session) -> None:
    """Say of the task what follows from its session, where nothing else was said."""
    arguments.agent = session.agent
    if not arguments.prompt and arguments.file is None:
        arguments.prompt = [GO_ON]
    if arguments.repo is None and session.repo is not None:
        arguments.repo = session.repo
    elif arguments.repo is None and arguments.place is None:
        arguments.place = "scratch"
