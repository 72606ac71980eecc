"""What an idle worker costs: processor time and memory."""

from __future__ import annotations

import time

import psutil

from bench.house import house, worker
from bench.verdict import at_most

SECONDS = 30.0
BAR_PERCENT = 0.2
BAR_MEGABYTES = 60


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    with house() as built, worker(built) as running:
        process = psutil.Process(running.pid)
        time.sleep(3)
        before = process.cpu_times()
        time.sleep(SECONDS)
        after = process.cpu_times()
        spent = after.user + after.system - before.user - before.system
        megabytes = process.memory_info().rss / 1e6
    good = [
        at_most("idle-cpu", 100 * spent / SECONDS, BAR_PERCENT, "%"),
        at_most("idle-memory", megabytes, BAR_MEGABYTES, "MB"),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
