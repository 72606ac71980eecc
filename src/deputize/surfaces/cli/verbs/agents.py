"""List the agents that tasks can be given to: whether they are here, logged in, and were checked.

Nothing is started. Whether a login holds and the gate is obeyed, `deputize check` finds out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.agents import AgentView
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize agents
  deputize add "Sort the imports" --agent goose
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `agents` takes."""
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print the agents."""
    from deputize.config.home import find_home
    from deputize.desk.agents import agent_document, listing

    del arguments
    found = listing(find_home())
    if output.json:
        output.document([agent_document(agent) for agent in found])
        return 0
    titles = ("NAME", "KIND", "", "VERSION", "LOGIN", "CHECK", "PROGRAM")
    output.table([_row(agent) for agent in found], titles)
    for agent in found:
        if agent.hint:
            output.note(f"hint: {agent.name}: {agent.hint}")
    return 0


def _row(agent: AgentView) -> tuple[Part, ...]:
    from deputize.desk.agents import check_words
    from deputize.surfaces.cli.output import green, red

    state = red("missing") if agent.problem else green("ready")
    name = f"{agent.name} (default)" if agent.default else agent.name
    checked = check_words(agent)
    how = f" ({agent.how})" if agent.how else ""
    program = agent.problem or f"{agent.path or ''}{how}"
    shown = red(checked) if agent.is_unfit else checked
    return name, agent.kind, state, agent.version or "", agent.credentials.text, shown, program
