"""From `deputize add` to the first breath of a command agent in its worktree, worker idle."""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import TYPE_CHECKING

from bench.house import House, house, wait_until, worker
from bench.verdict import at_most

if TYPE_CHECKING:
    from pathlib import Path

RUNS = 15
BAR_MILLISECONDS = 300
STAMP = """
import os, sys, time
with open(sys.argv[1] + ".new", "w") as mark:
    mark.write(str(time.time_ns()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
"""
"""The agent: not `date`, which counts whole seconds on BSD. Python's own start is in the figure."""


def main() -> int:
    """Measure and print; 1 where the bar is missed."""
    with house() as built:
        mark = built.folder / "started"
        command = json.dumps([sys.executable, "-I", "-S", "-c", STAMP, str(mark)])
        settings = (
            f'default_agent = "clock"\n[agents.clock]\nkind = "command"\ncommand = {command}\n'
        )
        (built.folder / "home" / "config.toml").write_text(settings)
        with worker(built):
            _once(built, mark)
            spans = [_once(built, mark) for _ in range(RUNS)]
    median = statistics.median(spans)
    print(
        f"# {RUNS} runs: min {min(spans):.0f} ms, median {median:.0f} ms, max {max(spans):.0f} ms"
    )
    return 0 if at_most("add-to-agent", median, BAR_MILLISECONDS, "ms") else 1


def _once(built: House, mark: Path) -> float:
    """Add a task and return the milliseconds until its agent ran; then wait for its end."""
    mark.unlink(missing_ok=True)
    began = time.time_ns()
    task = built.deputize("add", "-q", "say when")
    wait_until(mark.exists)
    started = int(mark.read_text())
    wait_until(lambda: '"state": "failed"' in built.deputize("show", task, "--json"))
    return (started - began) / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
