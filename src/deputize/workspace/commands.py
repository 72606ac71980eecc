"""Shell lines that a repository's own file holds: setup steps and checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.redaction import redacted
from deputize.workspace.processes.environment import agent_environment
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.run import Limits, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from deputize.workspace.sandbox.shelter import Launcher

OUTPUT_CHARACTERS = 4000
"""How much of the end of a command's output is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a command ended."""

    exit_code: int | None
    """None where it ran out of time."""
    seconds: int
    output: str
    """The end of what it printed, redacted."""


async def run_line(
    line: str,
    workspace: Path,
    timeout_seconds: int,
    *,
    launcher: Launcher,
    marks: Mapping[str, str],
    on_output: Callable[[bytes], None] = lambda _chunk: None,
) -> Ran:
    """Run a shell line in a workspace's sandbox; the caller has seen to it that it is trusted.

    `marks` are the variables by which its processes are found again should this one die.
    """
    command = Command(
        argv=("/bin/sh", "-c", line),
        cwd=workspace,
        env={**agent_environment((), marks), **launcher.variables},
        launcher=launcher.prefix,
    )
    limits = Limits(timeout_seconds=timeout_seconds)
    finished = await run(command, limits, lambda _stream, chunk: on_output(chunk))
    text = redacted(finished.output_tail.decode("utf-8", "replace"))[-OUTPUT_CHARACTERS:]
    return Ran(
        exit_code=None if finished.timed_out else finished.exit_code,
        seconds=round(finished.duration_seconds),
        output=text,
    )
