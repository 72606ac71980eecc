"""A look at workers: which run, which ended without a word, which hang."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.desk import stations
from deputize.desk.bells import running_workers
from deputize.desk.doctor.finding import FIX, About, Finding, ok, warn
from deputize.errors import ConfigError
from deputize.store import attempts
from deputize.store import workers as stored
from deputize.workspace.processes.identity import ProcessIdentity, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.context import Desk
    from deputize.model.worker import Worker

SILENT_SECONDS = 60
"""A worker beats every 10 s; one that has been silent for longer hangs, or its clock jumped."""


def workers(desk: Desk) -> Iterator[Finding]:
    """Look at each worker that has not said that it ended."""
    found = stations.listing(desk)
    alive = [worker for worker, is_alive in found if is_alive]
    running = f"{len(alive)} running" if alive else "none runs; `add` starts one"
    yield ok(About.WORKERS, running)
    for worker, is_alive in found:
        silent = int((desk.clock.now() - worker.seen_at).total_seconds())
        if not is_alive:
            yield _lost(desk, worker, silent)
        elif silent > SILENT_SECONDS:
            text = f"{worker.id} has been silent for {silent} s"
            yield warn(About.WORKERS, text, f"look into {desk.home.logs / 'worker.log'}")


def _lost(desk: Desk, worker: Worker, silent: int) -> Finding:
    hint = f"the next worker takes its tasks over: `deputize up`, or {FIX}"
    if is_gone(ProcessIdentity.parse(worker.identity)):
        text = f"{worker.id} ended without saying so"
        return warn(About.WORKERS, text, hint, lambda: _bury(desk, worker))
    text = f"{worker.id} was heard of {silent} s ago, elsewhere"
    return warn(About.WORKERS, text, hint, lambda: see_to_it(desk))


def _bury(desk: Desk, worker: Worker) -> str:
    """Note the end of a worker that holds nothing; else see that another takes its tasks over."""
    with desk.database.write() as transaction:
        if not attempts.of_worker(transaction, worker.id):
            stored.stop(transaction, worker.id, desk.clock.now(), lost=True)
            return "noted, it held nothing"
    return see_to_it(desk)


def see_to_it(desk: Desk) -> str:
    """Start a background worker where none runs or starts: it takes over what the dead left.

    ConfigError where the settings don't want one to be started.
    """
    with desk.database.read() as transaction:
        if running_workers(transaction, desk.clock.now()):
            return "a worker that runs sees to it"
    if not load_config(desk.home.config).worker.autostart:
        raise ConfigError("no worker runs, and `worker.autostart` is off", hint="deputize up")
    if not stations.is_one_starting(desk):
        stations.start_worker(desk)
    return "a worker was started, which sees to it"
