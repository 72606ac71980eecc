"""A hook that is a program: the document on its input, its answer on its output."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import ProcessError
from deputize.hooks.answers import MOST_BYTES
from deputize.hooks.reply import Reply
from deputize.redaction import redacted
from deputize.showing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.workspace.processes.program import Stream
    from deputize.workspace.processes.run import Finished

PROBLEM_CHARACTERS = 200
OUTPUT_BYTES = 2 * MOST_BYTES
"""How much of what it writes is looked at: more than any answer may have."""
GRACE_SECONDS = 1.0


class CommandCaller:
    """Runs a program for each call, which ends with exit code 0 where all went well."""

    def __init__(self, argv: tuple[str, ...]) -> None:
        """Run `argv`, in the person's own folder: never in one that an agent writes to."""
        self._argv = argv

    async def call(self, document: bytes, marks: Mapping[str, str], seconds: float) -> Reply:
        """Run it; see `Caller.call`. Its processes are gone when this returns."""
        from deputize.workspace.processes.environment import agent_environment
        from deputize.workspace.processes.program import Command
        from deputize.workspace.processes.run import Limits, run

        home, said = Path.home(), {"stdout": bytearray(), "stderr": bytearray()}

        def hear(stream: Stream, content: bytes) -> None:
            said[stream] += content

        command = Command(
            argv=self._argv,
            cwd=home if home.is_dir() else Path("/"),
            env=agent_environment((), marks),
            grace_seconds=GRACE_SECONDS,
        )
        limits = Limits(timeout_seconds=seconds, output_limit_bytes=OUTPUT_BYTES)
        try:
            finished = await run(command, limits, hear, stdin=document)
        except (ProcessError, OSError) as error:
            return Reply(problem=str(error))
        if problem := _problem(finished, bytes(said["stderr"]), seconds):
            return Reply(problem=problem)
        if sum(map(len, said.values())) >= OUTPUT_BYTES:  # of its answer, too, some may be missing
            return Reply(problem=f"it wrote more than {OUTPUT_BYTES >> 10} KiB")
        return Reply(content=bytes(said["stdout"]))

    async def close(self) -> None:
        """Do nothing: calls have nothing in common."""


def _problem(finished: Finished, errors: bytes, seconds: float) -> str | None:
    if finished.timed_out is not None:
        return f"it took longer than {seconds:g} s"
    if finished.exit_code == 0:
        return None
    words = printable(redacted(" ".join(errors.decode("utf-8", "replace").split())))
    last = words[-PROBLEM_CHARACTERS:]
    return f"exit code {finished.exit_code}" + (f": {last}" if last else "")
