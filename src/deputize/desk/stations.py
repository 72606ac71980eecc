"""Verbs about workers: start one in the background, list them, let them end."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

from deputize.config.home import ensure
from deputize.config.load import load_config
from deputize.desk.bells import live_workers, ring, runs
from deputize.desk.narrowing import ALL
from deputize.store import attempts, tasks, workers

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.task import Task
    from deputize.model.worker import Worker


_MARKS = frozenset({"DEPUTIZE_TASK", "DEPUTIZE_ATTEMPT", "DEPUTIZE_RUN"})
_KEPT = frozenset({"COPILOT_*", "GH_TOKEN", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "PYTHONPATH"})
"""What a worker has to know besides: logins of agents, and where it was installed from."""


SIGN_ON_SECONDS = 10.0
"""How long a worker that was started has to sign on; after that nobody reckons with it."""
LOOK_SECONDS = 0.1
WORKER_STATES = ("working", "draining", "gone")


def ensure_worker(desk: Desk, task: Task) -> bool:
    """Start a background worker if no live one could take the task; tell whether it did."""
    with desk.database.read() as transaction:
        serving = live_workers(transaction, desk.clock.now())
    if any(_could_take(worker, task) for worker in serving):
        return False
    start_worker(desk)
    return True


def _could_take(worker: Worker, task: Task) -> bool:
    is_there = task.host in {None, worker.host}
    return is_there and (not worker.roles or task.role in worker.roles)


def wake_up(desk: Desk) -> bool:
    """Start a background worker if something is open, none is alive, and settings allow it."""
    if not load_config(desk.home.config).worker.autostart:
        return False
    with desk.database.read() as transaction:
        if live_workers(transaction, desk.clock.now()) or not tasks.counts(transaction):
            return False
    start_worker(desk)
    return True


def start_worker(desk: Desk, *, stays: bool = False) -> int:
    """Start a background worker of this home, with all its stations; return its pid.

    One that `stays` works until `down`; else it leaves when nothing was open for a while, and at
    once where another such worker runs already.
    """
    from deputize.workspace.processes.detached import spawn_detached

    ensure(desk.home.logs)
    ensure(desk.home.run)
    desk.home.starting.touch(mode=0o600)
    argv = (sys.executable, "-m", "deputize", "up", *(() if stays else ("--background",)))
    return spawn_detached(argv, worker_environment(desk), desk.home.logs / "worker.out")


def worker_environment(desk: Desk) -> dict[str, str]:
    """Return a background worker's environment: the same from whichever terminal it is started.

    It holds the settings, what any agent may see, and the keys of providers and agents, by name;
    nothing else of the terminal's reaches it.
    """
    from deputize.agents.keys import KEYRING_VARIABLES
    from deputize.model.agent import BUILT_IN_AGENTS, SHIPPED_VARIABLES
    from deputize.workspace.processes.environment import agent_environment

    config = load_config(desk.home.config)
    agents = (*BUILT_IN_AGENTS.values(), *config.agents.values())
    keys = {provider.key_variable for provider in config.providers.values()}
    if any(provider.key_keyring for provider in config.providers.values()):
        keys |= KEYRING_VARIABLES
    allowed = {name for agent in agents for name in agent.env} | {key for key in keys if key}
    allowed.update(SHIPPED_VARIABLES)
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("DEPUTIZE_") and name not in _MARKS
    }
    extra = settings | {"DEPUTIZE_HOME": str(desk.home.path)}
    return agent_environment(allowed | _KEPT, extra)


def listing(desk: Desk, wanted: Narrowing = ALL) -> list[tuple[Worker, bool]]:
    """Return the workers that have not stopped, each with whether it really runs."""
    wanted = wanted.within(WORKER_STATES)
    now = desk.clock.now()
    with desk.database.read() as transaction:
        known = workers.listing(transaction, role=wanted.role, since=wanted.since)
    found = [(worker, runs(worker, now)) for worker in known]
    # Whether a process runs is no fact of the store, so what depends on it is told apart here.
    return [
        (worker, alive)
        for worker, alive in found
        if wanted.state in {None, state_of(worker, alive=alive)}
    ][: wanted.limit]


def busy(desk: Desk) -> Counter[str]:
    """Return how many attempts each worker is at."""
    with desk.database.read() as transaction:
        return Counter(attempt.worker for attempt in attempts.unfinished(transaction))


def state_of(worker: Worker, *, alive: bool) -> str:
    """Return what a worker does, in a word."""
    if not alive:
        return "gone"
    return "draining" if worker.draining else "working"


def down(desk: Desk) -> list[Worker]:
    """Ask every worker to finish what it has and end; return those that were asked.

    One that was started a moment ago is waited for: it must not come up after this.
    """
    from deputize.desk.tasks import await_commit

    known = _drain_all(desk)
    deadline = time.monotonic() + SIGN_ON_SECONDS
    while not known and is_one_starting(desk) and time.monotonic() < deadline:
        await_commit(desk, time.monotonic() + LOOK_SECONDS)
        known = _drain_all(desk)
    return known


def _drain_all(desk: Desk) -> list[Worker]:
    now = desk.clock.now()
    with desk.database.write() as transaction:
        known = workers.live(transaction)
        for worker in known:
            workers.drain(transaction, worker.id, now)
    ring(desk)
    return known


def is_one_starting(desk: Desk) -> bool:
    """Tell whether a background worker was started a moment ago and has not signed on yet."""
    try:
        begun = desk.home.starting.stat().st_mtime
    except FileNotFoundError:
        return False
    return abs(time.time() - begun) < SIGN_ON_SECONDS
