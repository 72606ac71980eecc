"""litequeue: `litequeue_sqlite work PLACE COUNT [full]`.

Its own default, synchronous=NORMAL, may lose the last commits when the power goes; `full` doesn't.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from litequeue import LiteQueue

from bench.queue.peers.spans import tell


def work(place: Path, count: int, *, full: bool) -> None:
    """Put tasks in, and take and end them all."""
    queue = LiteQueue(str(place / "litequeue.db"), timeout=60)
    if full:
        queue.conn.execute("PRAGMA synchronous = FULL")
    began = time.perf_counter()
    for number in range(count):
        queue.put(str(number))
    enqueued = time.perf_counter()
    ended_count = 0
    while (taken := queue.pop()) is not None:
        queue.done(taken.message_id)
        ended_count += 1
    ended = time.perf_counter()
    assert ended_count == count
    tell(enqueue_seconds=enqueued - began, work_off_seconds=ended - enqueued)


if __name__ == "__main__":
    work(Path(sys.argv[2]), int(sys.argv[3]), full="full" in sys.argv[4:])
