"""See the main job done in a scratch folder: tasks queued, agents at work, changes checked, landed.

It needs no key and no account: a script plays the model, the rest is real. Your home, settings and
repositories are not touched; everything is removed at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize demo
  deputize demo --keep                  # and look into the folder afterwards
  deputize demo --real                  # with your own agent and its model
  deputize demo --real --agent goose
"""


class Shown:
    """The demo's voice on stdout."""

    def __init__(self, output: Output) -> None:
        """Speak through `output`."""
        self._output = output

    def title(self, text: str) -> None:
        """Begin a section."""
        from deputize.surfaces.cli.output import bold

        self._output.text()
        self._output.text(bold(text))
        self._output.flush()

    def say(self, text: str) -> None:
        """Show a line at once."""
        self._output.text(text)
        self._output.flush()


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `demo` takes."""
    parser.add_argument(
        "--real", action="store_true", help="use your agent, with its login or provider"
    )
    parser.add_argument("--agent", metavar="NAME", help="with --real: this one of your agents")
    parser.add_argument("--keep", action="store_true", help="leave the folder, and say where")


def run(arguments: Namespace, output: Output) -> int:
    """Run the demo; an error says what of it failed."""
    from deputize.demo.run import run_demo

    run_demo(Shown(output), real=arguments.real, keep=arguments.keep, agent=arguments.agent)
    return 0
