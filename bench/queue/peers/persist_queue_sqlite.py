"""persist-queue's SQLiteAckQueue: several processes are now and then given the same task.

`persist_queue_sqlite work PLACE COUNT` or `persist_queue_sqlite together PLACE COUNT PROCESSES`.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import persistqueue

from bench.queue.peers.spans import tell

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.synchronize import Barrier


def work(place: Path, count: int) -> None:
    """Put tasks in, and take and acknowledge them all."""
    queue = _queue(place)
    began = time.perf_counter()
    for number in range(count):
        queue.put({"number": number})
    enqueued = time.perf_counter()
    done = _work_off(queue)
    ended = time.perf_counter()
    assert len(done) == count
    tell(enqueue_seconds=enqueued - began, work_off_seconds=ended - enqueued)


def together(place: Path, count: int, process_count: int) -> None:
    """Let several processes work them off at the same time; tell how many were handed out twice."""
    queue = _queue(place)
    for number in range(count):
        queue.put({"number": number})
    forked = multiprocessing.get_context("fork")
    start, told = forked.Barrier(process_count), forked.Queue()
    processes = [
        forked.Process(target=_one_of_them, args=(place, start, told)) for _ in range(process_count)
    ]
    for process in processes:
        process.start()
    handed_out = [each for _ in processes for each in told.get()]
    for process in processes:
        process.join()
    tell(handed_out=len(handed_out), different=len(set(handed_out)))


def _one_of_them(place: Path, start: Barrier, told: Queue[list[int]]) -> None:
    queue = _queue(place)
    start.wait()
    told.put(_work_off(queue))


def _work_off(queue: Any) -> list[int]:  # noqa: ANN401 - it has no types
    done: list[int] = []
    while True:
        try:
            taken = queue.get(block=False, raw=True)
        except persistqueue.Empty:
            return done
        queue.ack(id=taken["pqid"])
        done.append(taken["pqid"])


def _queue(place: Path) -> Any:  # noqa: ANN401 - it has no types
    return persistqueue.SQLiteAckQueue(
        str(place / "persist-queue"), multithreading=True, auto_resume=False, timeout=60
    )


if __name__ == "__main__":
    if sys.argv[1] == "together":
        together(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    else:
        work(Path(sys.argv[2]), int(sys.argv[3]))
