"""SqliteHuey: a task is deleted as it is taken, so a worker that dies takes it with it.

`huey_sqlite work PLACE COUNT` or `huey_sqlite crash PLACE`.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from pathlib import Path

from huey import SqliteHuey

from bench.queue.peers.spans import tell


def work(place: Path, count: int) -> None:
    """Put tasks in, and run them all."""
    queue = _queue(place)

    @queue.task()
    def nothing(number: int) -> None:
        del number

    began = time.perf_counter()
    for number in range(count):
        nothing(number)
    enqueued = time.perf_counter()
    ran = 0
    while (taken := queue.dequeue()) is not None:
        queue.execute(taken)
        ran += 1
    ended = time.perf_counter()
    assert ran == count
    tell(enqueue_seconds=enqueued - began, work_off_seconds=ended - enqueued)


def crash(place: Path) -> None:
    """Let a worker be killed while it runs one task; tell how many are left."""
    queue = _queue(place)

    @queue.task()
    def fatal() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    fatal()
    child = os.fork()
    if child == 0:
        own = _queue(place)
        own.task(name="fatal")(fatal.func)
        own.execute(queue.dequeue())
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    tell(left=queue.pending_count())


def _queue(place: Path) -> SqliteHuey:
    logging.disable(logging.CRITICAL)
    return SqliteHuey("bench", filename=str(place / "huey.db"), timeout=60)


if __name__ == "__main__":
    if sys.argv[1] == "crash":
        crash(Path(sys.argv[2]))
    else:
        work(Path(sys.argv[2]), int(sys.argv[3]))
