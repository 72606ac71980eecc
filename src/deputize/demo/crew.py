"""The demo's worker: a process of its own, ended with everything that it started."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Self

from deputize.errors import ProcessError
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.identity import ProcessIdentity, identify
from deputize.workspace.processes.tree import find_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from deputize.demo.stage import Stage

DRAIN_SECONDS = 10.0
"""How long it may take to leave when it has nothing in hand."""
HURRY_SECONDS = 0.5
"""How long it may take to leave before what it has in hand is stopped."""
STOP_SECONDS = 15.0
"""How long it may take to stop that."""


class Crew:
    """`with Crew(stage, environment) as crew:` a worker is at work in the stage's home."""

    def __init__(
        self, stage: Stage, environment: Mapping[str, str], marks: Callable[[], Iterable[str]]
    ) -> None:
        """Get ready to start it with `environment` and nothing else of ours.

        `marks` tells the markers of its attempts, by which strays are found.
        """
        self._stage = stage
        self._marks = marks
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._identity: ProcessIdentity | None = None

    def __enter__(self) -> Self:
        """Start it in a session of its own, out of reach of this terminal's Ctrl-C."""
        # In the background it also leaves by itself, should this process be killed.
        argv = (sys.executable, "-m", "deputize", "up", "--background")
        with self._stage.worker_output.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    argv,
                    cwd=self._stage.folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                raise ProcessError(f"the worker could not be started: {error}") from error
        self._identity = identify(self._process.pid)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, by force where it has to be."""
        self.stop(hurry=kind is not None)

    @property
    def exit_code(self) -> int | None:
        """How it ended, None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self, *, hurry: bool = False) -> None:
        """Let it finish and leave; in a `hurry`, what it has in hand is stopped.

        Raises ProcessError where something of it survives.
        """
        if self._process is None:
            return
        # Asked once it takes nothing more, asked again it stops what it has.
        patience = HURRY_SECONDS if hurry else DRAIN_SECONDS
        if not self._has_left(self._process, patience):
            self._has_left(self._process, STOP_SECONDS)
        for marker, roots in self._families():
            end_tree_blocking(marker, roots, grace_seconds=0)
        self._process.wait()

    @property
    def left_count(self) -> int:
        """How many processes of it still run, those of its attempts included."""
        return len(set().union(*(find_tree(*family) for family in self._families())))

    def _families(self) -> list[tuple[str, tuple[ProcessIdentity, ...]]]:
        roots = (self._identity,) if self._identity else ()
        return [("", roots), *((marker, ()) for marker in self._marks())]

    @staticmethod
    def _has_left(process: subprocess.Popen[bytes], seconds: float) -> bool:
        """Ask it to leave, and tell whether it has within `seconds`."""
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True
