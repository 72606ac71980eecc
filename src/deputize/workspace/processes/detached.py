"""Starting the background worker, so that it outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.errors import ProcessError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_let_go: list[int] = []


def spawn_detached(argv: Sequence[str], env: Mapping[str, str], log_path: Path) -> int:
    """Start a program in a session of its own and return its process number at once.

    It gets `env` and nothing else of ours: input is empty, output is appended to `log_path`, every
    other descriptor is closed, the folder is `/`. The umask stays the user's own: what lands in
    their checkout has the modes that their git would give it. Raises ProcessError if it can't be
    started.
    """
    _collect()
    try:
        log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=env,
                start_new_session=True,
            )
        finally:
            os.close(log)
    except (OSError, ValueError) as exc:
        message = f"could not start {argv[0]!r} in the background: {exc}"
        raise ProcessError(message, hint="run `deputize up` to see what is wrong") from exc
    # Nobody waits for it; the object must not warn that nobody does.
    process.returncode = 0
    _let_go.append(process.pid)
    return process.pid


def _collect() -> None:
    """Collect those that have ended meanwhile, so that a long-lived caller keeps no zombies."""
    for pid in tuple(_let_go):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _let_go.remove(pid)
