"""Take secrets out of what comes on stdin, and print the rest as it is.

It is what deputize does to everything that it writes and shows: keys and tokens of well-known
formats, private keys, passwords in addresses and headers, what stands after a name like `token=`,
and the values of your environment's own secret variables, in base64, hexadecimal or as part of an
address too. Text of any length, and binary, goes through as it comes, line by line.

`--check` prints nothing but how much was found, and ends with 1 where that is something: for a hook
before a commit, say. `--json` prints that as a document.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, cast

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Mapping
    from io import BufferedReader

    from deputize.redaction.stream import ByteStream
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  make deploy 2>&1 | deputize redact
  deputize redact < debug.log > debug-to-share.log
  git diff --cached | deputize redact --check
"""
FOUND = 1
PIECE_BYTES = 1 << 18


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `redact` takes."""
    parser.add_argument(
        "--check", action="store_true", help="only say what was found; exit code 1 if anything was"
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Redact stdin."""
    from deputize.redaction import version

    stream, pieces = _stream(), cast("BufferedReader", sys.stdin.buffer)
    while piece := pieces.read1(PIECE_BYTES):
        _print(stream.feed(piece), output, arguments)
    _print(stream.end(), output, arguments)
    found = stream.found
    if output.json:
        rules = [{"rule": rule, "count": found[rule]} for rule in sorted(found)]
        output.document(
            {"redaction": version(), "found_count": sum(found.values()), "rules": rules}
        )
    elif arguments.check:
        output.text(_told(found))
    return FOUND if arguments.check and found else 0


def _stream() -> ByteStream:
    from deputize.redaction import Redactor
    from deputize.redaction.known import secrets_among
    from deputize.redaction.stream import ByteStream

    return ByteStream(Redactor(secrets_among(os.environ)).sweep())


def _print(shown: bytes, output: Output, arguments: Namespace) -> None:
    if shown and not (arguments.check or output.json):
        output.raw(shown)


def _told(found: Mapping[str, int]) -> str:
    if not found:
        return "nothing found"
    rules = ", ".join(f"{rule} {count}" for rule, count in sorted(found.items()))
    return f"found {sum(found.values())}: {rules}"
