"""Print a completion script for your shell, to be read when the shell starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize completion bash > ~/.local/share/bash-completion/completions/deputize
  deputize completion zsh > "${fpath[1]}/_deputize"
  deputize completion fish > ~/.config/fish/completions/deputize.fish
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `completion` takes."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell it is for")


def run(arguments: Namespace, output: Output) -> int:
    """Print the script."""
    from deputize.surfaces.cli import completions
    from deputize.surfaces.cli.parser import all_parsers

    write = {"bash": completions.bash, "zsh": completions.zsh, "fish": completions.fish}
    output.text(write[arguments.shell](all_parsers()))
    return 0
