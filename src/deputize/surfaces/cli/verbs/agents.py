"""List the agents that tasks can be given to, and whether their programs are on this machine."""

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
    from deputize.desk.agents import listing

    del arguments
    found = listing(find_home())
    if output.json:
        names = ("name", "kind", "default", "path", "version", "problem", "hint")
        output.document([{name: getattr(agent, name) for name in names} for agent in found])
        return 0
    output.table([_row(agent) for agent in found], ("NAME", "KIND", "", "VERSION", "PROGRAM"))
    for agent in found:
        if agent.hint:
            output.note(f"hint: {agent.name}: {agent.hint}")
    return 0


def _row(agent: AgentView) -> tuple[Part, ...]:
    from deputize.surfaces.cli.output import green, red

    state = red("missing") if agent.problem else green("ready")
    name = f"{agent.name} (default)" if agent.default else agent.name
    return name, agent.kind, state, agent.version or "", agent.problem or agent.path or ""
