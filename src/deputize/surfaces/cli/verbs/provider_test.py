"""Ask providers which models they serve, and say what is wrong where one does not answer.

It costs nothing: no model is asked anything. The exit code is 1 where one of them fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, seconds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.providers import Reached
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize provider test
  deputize provider test work --timeout 5
"""
PATIENCE_SECONDS = 10
SHOWN_MODELS = 6


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `provider test` takes."""
    add = parser.add_argument
    add("names", metavar="NAME", nargs="*", help="providers (default: all)")
    add(
        "--timeout",
        type=seconds,
        metavar="S",
        default=PATIENCE_SECONDS,
        help=f"how long each may take (default: {PATIENCE_SECONDS})",
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print what came of it."""
    from deputize.config.home import find_home
    from deputize.desk.providers import test

    found = test(find_home(), arguments.names, seconds=arguments.timeout)
    if output.json:
        output.document([_document(name, reached) for name, reached in found])
    else:
        output.table((_row(name, reached) for name, reached in found), ("NAME", "", ""))
        for name, reached in found:
            if reached.hint:
                output.note(f"hint: {name}: {reached.hint}")
    return int(any(reached.problem for _, reached in found))


def _document(name: str, reached: Reached) -> dict[str, object]:
    told = {"name": name, "ok": reached.problem is None, "url": reached.url}
    models = {"status": reached.status, "models": list(reached.models)}
    return {**told, **models, "problem": reached.problem, "hint": reached.hint}


def _row(name: str, reached: Reached) -> tuple[Part, ...]:
    from deputize.surfaces.cli.output import green, red

    if reached.problem:
        return name, red("failed"), f"{reached.problem}: {reached.url}"
    listed = ", ".join(reached.models[:SHOWN_MODELS])
    more = ", …" if len(reached.models) > SHOWN_MODELS else ""
    return name, green("ok"), f"{len(reached.models)} models: {listed}{more}"
