"""Running the programs that drive other queues."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

PYTHON = Path(".cache/peers/bin/python")
DEADLINE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Unmeasured(Exception):
    """A peer that could not be measured, and why."""

    why: str


def run(program: str, *words: object) -> dict[str, float]:
    """Run a program of `peers` and return what it tells; raises Unmeasured."""
    if not PYTHON.exists():
        raise Unmeasured(f"there is no {PYTHON}: it could not be installed")
    argv = (str(PYTHON), "-m", f"bench.queue.peers.{program}", *map(str, words))
    try:
        ended = subprocess.run(
            argv, capture_output=True, text=True, check=False, timeout=DEADLINE_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise Unmeasured(f"it took more than {DEADLINE_SECONDS:g} s") from error
    if ended.returncode != 0:
        raise Unmeasured((ended.stderr.strip().splitlines() or ["it failed"])[-1])
    told: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return told


def seconds_per_task(program: str, place: object, count: int, *how: str) -> tuple[float, float]:
    """Measure a peer: how long a task takes to be put in, and to be claimed and finished."""
    told = run(program, "work", place, count, *how)
    return told["enqueue_seconds"] / count, told["work_off_seconds"] / count
