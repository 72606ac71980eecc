"""Starting a background worker and seeing that it really works."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deputize.desk.stations import listing, start_worker
from deputize.desk.tasks import await_commit
from deputize.errors import ProcessError
from deputize.workspace.processes.identity import identify, is_running

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.worker import Worker

PATIENCE_SECONDS = 20.0
LOOK_SECONDS = 0.1


def start_and_wait(desk: Desk) -> Worker:
    """Start a background worker; return it once it has signed on, ProcessError if it doesn't."""
    pid = start_worker(desk, stays=True)
    identity = identify(pid)
    hint = f"{desk.home.logs / 'worker.out'} says why"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for worker, alive in listing(desk):
            if alive and worker.identity == str(identity):
                return worker
        if identity is None or not is_running(identity):
            raise ProcessError("the worker ended at once", hint=hint)
        await_commit(desk, time.monotonic() + LOOK_SECONDS)
    raise ProcessError(f"the worker did not sign on within {PATIENCE_SECONDS:g} s", hint=hint)


def wait_until_gone(desk: Desk, asked: list[Worker]) -> None:
    """Return once none of these workers runs any more."""
    ids = {worker.id for worker in asked}
    while any(alive and worker.id in ids for worker, alive in listing(desk)):
        await_commit(desk)
