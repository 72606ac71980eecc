"""Asking a program for its version: what it says is a line of text, if it says anything at all."""

from __future__ import annotations

import os
import re
import select
import subprocess
import tempfile
import time

from deputize.workspace.processes.environment import agent_environment

LIMIT_SECONDS = 20.0
"""Programs in Python that load much take some seconds."""
MOST_BYTES = 4096
VERSION = re.compile(r"\d{1,9}(?:\.[0-9A-Za-z+-]{1,30}){1,5}")


def version_of(program: str, arguments: tuple[str, ...]) -> str | None:
    """Start a program, in an empty folder, and return the version that it tells."""
    with tempfile.TemporaryDirectory(prefix="deputize-version-") as nowhere:
        try:
            with subprocess.Popen(
                (program, *arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=nowhere,
                env=agent_environment((), {}),
            ) as process:
                try:
                    said = _beginning(process)
                finally:
                    process.kill()
        except (OSError, ValueError):
            return None
    found = VERSION.search(said.decode("utf-8", "replace"))
    return None if found is None else found[0]


def _beginning(process: subprocess.Popen[bytes]) -> bytes:
    """Return the beginning of what it says, up to its end or our patience."""
    said, until = b"", time.monotonic() + LIMIT_SECONDS
    output = process.stdout
    while output is not None and len(said) < MOST_BYTES:
        left = until - time.monotonic()
        if left <= 0 or not select.select([output], [], [], left)[0]:
            break
        content = os.read(output.fileno(), MOST_BYTES)
        if not content:
            break
        said += content
    return said
