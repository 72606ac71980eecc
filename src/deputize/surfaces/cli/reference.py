"""The reference of the command line as Markdown, made from the parsers: `docs/cli.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.catalogue import GROUPS
from deputize.surfaces.cli.completions import options_of
from deputize.surfaces.cli.output import Output
from deputize.surfaces.cli.parser import parser_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from deputize.surfaces.cli.parser import Parser

HEAD = """\
# The command line

Made from the parser by `make docs`. Stdout is data, stderr is narration. An id is typed `12` or
`#12`; `--latest` stands for the newest. `--json` prints one document, and errors as
`{"error": {"code", "message", "hint"}}` on stderr.

| exit code | means |
|---|---|
| 0 | it worked |
| 1 | the task or the check failed, or git, an agent or a program did |
| 2 | usage: unknown id, bad input |
| 3 | configuration |
| 4 | denied by policy, or a missing right |
| 5 | the store is unavailable |
| 70 | a mistake in deputize itself |
| 75 | try again later |
| 130 | Ctrl-C |
| 141 | nobody reads the output any more |"""


def reference() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *_groups()])


def _groups() -> Iterator[str]:
    for title, verbs in GROUPS.items():
        yield f"\n## {title}"
        for verb in verbs:
            yield from _verb(verb, parser_of(verb))


def _verb(verb: str, parser: Parser) -> Iterator[str]:
    yield f"\n### deputize {verb}\n"
    yield (parser.description or "").strip()
    yield f"\n```\n{parser.prog}{_positionals(parser)} [OPTION…]\n```\n"
    rows = [row for row in map(_row, _shown(parser)) if row]
    yield from ["| | |", "|---|---|", *rows]
    examples = (parser.epilog or "").partition("\n")[2]
    yield f"\n```sh\n{examples}\n```"


def _shown(parser: Parser) -> list[argparse.Action]:
    positionals = [each for each in parser._actions if not each.option_strings]  # noqa: SLF001 - no public way
    return positionals + [
        each for each in options_of(parser) if "--help" not in each.option_strings
    ]


def _positionals(parser: Parser) -> str:
    forms = {"*": " [{}…]", "+": " {}…", "?": " [{}]"}
    return "".join(
        forms.get(str(action.nargs), " {}").format(_name(action))
        for action in _shown(parser)
        if not action.option_strings
    )


def _row(action: argparse.Action) -> str:
    names = ", ".join(f"`{option}`" for option in action.option_strings)
    value = f"`{_name(action)}`" if action.nargs != 0 else ""
    about = (action.help or "").replace("|", "\\|")
    return f"| {' '.join(filter(None, (names, value)))} | {about} |"


def _name(action: argparse.Action) -> str:
    if action.choices:
        return "\\|".join(map(str, action.choices))
    return str(action.metavar or action.dest.upper())


if __name__ == "__main__":
    Output().text(reference())
