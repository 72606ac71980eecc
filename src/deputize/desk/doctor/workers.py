"""A look at workers: which run, which ended without a word, which hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import About, Finding, ok, warn
from deputize.desk.stations import listing
from deputize.workspace.processes.identity import ProcessIdentity, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk
    from deputize.model.worker import Worker

SILENT_SECONDS = 60
"""A worker beats every 10 s; one that has been silent for longer hangs, or its clock jumped."""


def workers(desk: Desk) -> Iterator[Finding]:
    """Look at each worker that has not said that it ended."""
    found = listing(desk)
    alive = [worker for worker, is_alive in found if is_alive]
    running = f"{len(alive)} running" if alive else "none runs; `add` starts one"
    yield ok(About.WORKERS, running)
    for worker, is_alive in found:
        silent = int((desk.clock.now() - worker.seen_at).total_seconds())
        if not is_alive:
            yield _lost(worker, silent)
        elif silent > SILENT_SECONDS:
            text = f"{worker.id} has been silent for {silent} s"
            yield warn(About.WORKERS, text, f"look into {desk.home.logs / 'worker.log'}")


def _lost(worker: Worker, silent: int) -> Finding:
    ended = is_gone(ProcessIdentity.parse(worker.identity))
    how = "ended without saying so" if ended else f"was heard of {silent} s ago, elsewhere"
    hint = "the next worker takes its tasks over: `deputize up`"
    return warn(About.WORKERS, f"{worker.id} {how}", hint)
