"""Check everything that deputize needs, and say what to do where something is missing.

`--fix` does what is safe to do while others work: rights of files, indexes that are missing, a log
that grew, what dead workers left. Nothing that anybody could miss is taken away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.doctor import Finding
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize doctor
  deputize doctor --fix
  deputize doctor --json
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `doctor` takes."""
    parser.add_argument("--fix", action="store_true", help="mend what is safe to mend")
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print each finding; return 1 if one is a failure."""
    from pathlib import Path

    from deputize.config.home import find_home
    from deputize.desk.doctor import Level, examine

    findings = examine(find_home(), Path.cwd(), fix=arguments.fix)
    if output.json:
        output.document([_document(one) for one in findings])
    else:
        for finding in findings:
            _print(finding, output)
    return 1 if any(finding.level is Level.FAIL for finding in findings) else 0


def _document(finding: Finding) -> dict[str, object]:
    names = ("level", "about", "text", "hint")
    told: dict[str, object] = {name: getattr(finding, name) for name in names}
    return told | {"fixable": finding.mend is not None}


def _print(finding: Finding, output: Output) -> None:
    from deputize.surfaces.cli.output import green, red, yellow

    colour = {"ok": green, "fixed": green, "warn": yellow, "fail": red}[finding.level]
    output.text(colour(f"{finding.level:<6}"), f"{finding.about}: ", finding.text)
    if finding.hint:
        output.text("       ", finding.hint)
