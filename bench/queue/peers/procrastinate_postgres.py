"""procrastinate: `procrastinate_postgres work ADDRESS COUNT CONCURRENCY`."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import procrastinate

from bench.queue.peers.spans import tell


async def work(address: str, count: int, concurrency: int) -> None:
    """Put tasks in, and let a worker end them all."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=address))

    @app.task(name="nothing", queue="bench")
    async def nothing(number: int) -> None:
        del number

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        began = time.perf_counter()
        for number in range(count):
            await nothing.defer_async(number=number)
        enqueued = time.perf_counter()
        await app.run_worker_async(
            queues=["bench"], concurrency=concurrency, wait=False, install_signal_handlers=False
        )
        ended = time.perf_counter()
        done = await app.job_manager.list_jobs_async(status="succeeded")
    assert len(list(done)) == count
    tell(enqueue_seconds=enqueued - began, work_off_seconds=ended - enqueued)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
