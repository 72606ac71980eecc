"""The entry of the command line: find the verb, load it alone, carry it out."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import suppress

from deputize.surfaces.cli.catalogue import split
from deputize.surfaces.cli.output import Output

_LONG_LIVED = (["up"], ["worker"])
"""Verbs with threads and exit hooks of their own."""
_HELP = frozenset({"-h", "--help"})
_WITHOUT_SETTINGS = frozenset({"completion", "demo", "doctor"})
"""Verbs that use none, or tell by themselves which of them mean nothing."""


def main(argv: list[str] | None = None) -> int:
    """Carry out one command line and return its exit code.

    Without `argv`, this is the program itself: once all is said it ends the process at once, for
    taking the interpreter apart costs a tenth of what `add` may take.
    """
    words = sys.argv[1:] if argv is None else argv
    _open_closed_streams()
    if argv is None and words[:1] == ["add"]:
        gc.disable()  # it ends long before there is anything to collect
    code = _carry_out(words)
    if argv is None and words[:1] not in _LONG_LIVED:
        with suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(code)
    return code


def _open_closed_streams() -> None:
    """Let what is said go nowhere where the caller has closed stdout or stderr."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - as long as we live


def _carry_out(words: list[str]) -> int:
    output = Output()
    try:
        code = _dispatch(words, output)
        output.flush()
    except BaseException as error:  # noqa: BLE001 - the one place that turns errors into exit codes
        from deputize.surfaces.cli.diagnostics import report

        code = report(error, output, json=_wants_json(words))
    return code


def _dispatch(words: list[str], output: Output) -> int:
    if not words or words[0] in _HELP or words == ["help"]:
        from deputize.surfaces.cli.catalogue import overview

        output.text(overview())
        return 0
    if words[0] in {"-V", "--version"}:
        from deputize import __version__

        output.text(f"deputize {__version__}")
        return 0
    if words[0] == "help":
        words = [*words[1:], "--help"]
    return _run(*split(words), output)


def _run(name: str, words: list[str], output: Output) -> int:
    from deputize.surfaces.cli.parser import parser_of, verb_module

    parser = parser_of(name)
    asked = words[: words.index("--")] if "--" in words else words
    if not _HELP.isdisjoint(asked):
        output.text(parser.format_help())
        return 0
    arguments = parser.parse(words)
    output.json = getattr(arguments, "format", None) == "json"
    if name not in _WITHOUT_SETTINGS:
        _warn_of_variables(output)
    return verb_module(name).run(arguments, output)


def _warn_of_variables(output: Output) -> None:
    from deputize.config.variables import unknown_variables

    for name in unknown_variables(os.environ):
        output.warn(f"{name} means nothing to deputize")


def _wants_json(words: list[str]) -> bool:
    """Tell whether errors are wanted as JSON, even where the words can't be parsed."""
    return "--json" in words or "--format=json" in words or ("--format json" in " ".join(words))
