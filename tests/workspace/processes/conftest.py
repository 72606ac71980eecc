"""Real processes to find, to end, and to leave alone."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.environment import ATTEMPT
from tests.workspace.processes.starting import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.workspace.processes.identity import ProcessIdentity
    from tests.workspace.processes.starting import Start


@pytest.fixture
def marker() -> Iterator[str]:
    """Give an attempt's marker, and leave nothing behind that carries it."""
    marker = secrets.token_hex(16)
    yield marker
    end_tree_blocking(marker, grace_seconds=0)


@pytest.fixture
def start() -> Iterator[Start]:
    """Give what starts a shell script in a session of its own, with a marker, and ends it."""
    roots: list[ProcessIdentity] = []
    with ExitStack() as streams:

        def begin(script: str, marker: str = "") -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                ["sh", "-c", script, "sh", sys.executable],
                env={"PATH": os.environ["PATH"]} | ({ATTEMPT: marker} if marker else {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                start_new_session=True,
            )
            streams.enter_context(process)
            roots.append(known(process.pid))
            return process

        yield begin
        end_tree_blocking("", roots, grace_seconds=0)
