"""The parser of one verb, or of all of them: `add` builds only its own."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn, Protocol, cast

from deputize.errors import InvalidInput
from deputize.surfaces.cli.catalogue import VERBS

if TYPE_CHECKING:
    from argparse import Namespace

    from deputize.surfaces.cli.output import Output

HELP_COLUMNS = 96


class Verb(Protocol):
    """What a module in `verbs` offers. Its docstring is its help."""

    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare what the verb takes."""

    def run(self, arguments: Namespace, output: Output) -> int:
        """Carry the verb out and return the exit code."""


class Help(argparse.RawDescriptionHelpFormatter):
    """Help of a fixed width: argparse loads `shutil` and three compressors to ask for another."""

    def __init__(self, prog: str) -> None:
        """Write help for `prog`."""
        super().__init__(prog, width=HELP_COLUMNS, max_help_position=28)


class Parser(argparse.ArgumentParser):
    """A parser that raises instead of printing, and takes no abbreviations: they would not last."""

    def __init__(self, prog: str, description: str = "", examples: str = "") -> None:
        """Describe `prog`; `examples` are shown at the end of its help."""
        super().__init__(
            prog=prog,
            description=description,
            epilog=f"examples:\n{examples}" if examples else None,
            formatter_class=Help,
            allow_abbrev=False,
        )

    def parse(self, words: list[str]) -> Namespace:
        """Read the words after the verb; raises InvalidInput with the nearest option as hint."""
        arguments, extra = self.parse_known_args(words)
        if extra:
            raise InvalidInput(f"unknown argument {extra[0]!r}", hint=self._hint_for(extra[0]))
        return arguments

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would have printed."""
        raise InvalidInput(message[:1].lower() + message[1:], hint=f"`{self.prog} --help` explains")

    def _hint_for(self, word: str) -> str:
        import difflib

        options = [option for action in self._actions for option in action.option_strings]
        near = difflib.get_close_matches(word.partition("=")[0], options, n=1)
        if near:
            return f"did you mean `{near[0]}`?"
        return f"`{self.prog} --help` explains; a text that starts with - goes after --"


def verb_module(name: str) -> Verb:
    """Load the module of a verb; InvalidInput with the nearest verb if there is none."""
    if name not in VERBS:
        raise InvalidInput(f"unknown verb {name!r}", hint=_nearest(name))
    return cast("Verb", import_module(_module_name(name)))


def parser_of(name: str) -> Parser:
    """Build the parser of one verb."""
    verb = verb_module(name)
    description = sys.modules[_module_name(name)].__doc__ or ""
    parser = Parser(f"deputize {name}", description.strip(), verb.EXAMPLES.strip("\n"))
    verb.add_arguments(parser)
    return parser


def all_parsers() -> dict[str, Parser]:
    """Build the parser of every verb, for the reference and for completion."""
    return {name: parser_of(name) for name in VERBS}


def _module_name(verb: str) -> str:
    return f"deputize.surfaces.cli.verbs.{verb.replace(' ', '_')}"


def _nearest(name: str) -> str:
    import difflib

    first, _, second = name.partition(" ")
    siblings = {verb.partition(" ")[2]: verb for verb in VERBS if verb.startswith(f"{first} ")}
    if siblings:
        near = difflib.get_close_matches(second, siblings, n=1, cutoff=0.5)
        listed = " or ".join(f"`deputize {verb}`" for verb in siblings.values())
        return f"did you mean `deputize {siblings[near[0]]}`?" if near else listed
    if " " in name.strip():
        return 'to queue a task: `deputize add "…"`'
    near = difflib.get_close_matches(name, VERBS, n=1, cutoff=0.5)
    return f"did you mean `deputize {near[0]}`?" if near else "`deputize --help` lists the verbs"
