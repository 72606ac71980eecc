"""What a task costs beside a bare script that drives the same runtime, one after another."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from bench.agents.stage import RUNTIME, Stage, notes, prompt, stage
from bench.verdict import at_most, note
from deputize.demo.model import MODEL_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

RUNS = 15
BAR_MILLISECONDS = 150


def measure(name: str = "agents-overhead", more: str = "") -> list[bool]:
    """Measure and print; says of each bar whether it is met."""
    with stage(notes(), more=more) as built, _bare(built) as ask:
        _ours(built, 0)
        ask(0)
        pairs = [(_ours(built, number), ask(number)) for number in range(1, RUNS + 1)]
    ours = statistics.median(pair[0] for pair in pairs)
    bare = statistics.median(pair[1] for pair in pairs)
    note(f"{name}: median of {RUNS}: a task {ours:.0f} ms, a bare script {bare:.0f} ms")
    return [at_most(name, ours - bare, BAR_MILLISECONDS, "ms")]


def _ours(built: Stage, number: int) -> float:
    """Return the milliseconds from a task in the queue to its work in a commit."""
    task = built.client.submit(prompt(number), repo=str(built.house.repo))
    ended = built.client.wait(task.id, timeout=60)
    assert ended.state == "done", ended.message
    return built.attempt_seconds(task) * 1000


class _Asking:
    """A bare script that runs."""

    def __init__(self, built: Stage, process: subprocess.Popen[str]) -> None:
        self._folder = built.house.folder / "bare"
        self._process = process

    def __call__(self, number: int) -> float:
        """Return the milliseconds that it takes for the same."""
        folder = self._folder / str(number)
        folder.mkdir(parents=True)
        asked = {"folder": str(folder), "prompt": f"{prompt(number)} The folder is {folder}."}
        incoming, outgoing = (cast("IO[str]", each) for each in self._streams())
        outgoing.write(json.dumps(asked) + "\n")
        outgoing.flush()
        seconds = float(incoming.readline())
        assert any(folder.iterdir())
        return seconds * 1000

    def _streams(self) -> tuple[IO[str] | None, IO[str] | None]:
        return self._process.stdout, self._process.stdin


@contextmanager
def _bare(built: Stage) -> Iterator[_Asking]:
    words = (str(RUNTIME), built.model.openai_url, MODEL_NAME)
    argv = (sys.executable, "-m", "bench.agents.bare", *words)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, env=built.house.environment, stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield _Asking(built, process)
        assert process.stdin is not None
        process.stdin.close()
