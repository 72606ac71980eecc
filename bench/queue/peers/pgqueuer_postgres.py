"""PgQueuer in batches, its completions buffered: those that a crash finds there are lost.

`pgqueuer_postgres work ADDRESS COUNT BATCH`, or `pgqueuer_postgres crash ADDRESS COUNT BATCH`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from bench.queue.peers.spans import tell

if TYPE_CHECKING:
    from pgqueuer.models import Job

DONE = "SELECT count(*) FROM pgqueuer_log WHERE status = 'successful'"


async def work(address: str, count: int, batch: int) -> None:
    """Put tasks in, and let a worker end them all."""
    connection = await asyncpg.connect(address)
    enqueue_seconds = await _fill(connection, count)
    began = time.perf_counter()
    await _drain(connection, batch, count + 1)
    ended = time.perf_counter()
    assert await connection.fetchval(DONE) == count
    await connection.close()
    tell(enqueue_seconds=enqueue_seconds, work_off_seconds=ended - began)


async def crash(address: str, count: int, batch: int) -> None:
    """Let a worker be killed when it has run so many; tell how many are known to have ended."""
    connection = await asyncpg.connect(address)
    await _fill(connection, 2 * count)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __spec__.name, "die", address, str(count), str(batch)
    )
    assert await child.wait() == -signal.SIGKILL
    tell(ran=count, known=await connection.fetchval(DONE))
    await connection.close()


async def _die(address: str, count: int, batch: int) -> None:
    await _drain(await asyncpg.connect(address), batch, count)


async def _fill(connection: asyncpg.Connection, count: int) -> float:
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    began = time.perf_counter()
    for _ in range(count):
        await queries.enqueue("nothing", b"0", 0)
    return time.perf_counter() - began


async def _drain(connection: asyncpg.Connection, batch: int, last: int) -> None:
    """Work all off; die as the worker of a task begins that comes after the last."""
    queue = PgQueuer(AsyncpgDriver(connection))
    begun = 0

    @queue.entrypoint("nothing")
    async def nothing(job: Job) -> None:
        nonlocal begun
        del job
        if begun == last:
            os.kill(os.getpid(), signal.SIGKILL)
        begun += 1

    await queue.run(mode=QueueExecutionMode.drain, batch_size=batch)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    what = {"work": work, "crash": crash, "die": _die}[sys.argv[1]]
    asyncio.run(what(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
