"""Starting one program, and seeing to it that the last of its processes is gone at the end."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final, Literal

import anyio
import anyio.to_thread

from deputize.errors import ProcessError
from deputize.workspace.processes import reaper
from deputize.workspace.processes.ending import (
    FORCE_SECONDS,
    GRACE_SECONDS,
    POLL_SECONDS,
    end_tree_blocking,
)
from deputize.workspace.processes.environment import RUN
from deputize.workspace.processes.identity import ProcessIdentity, identify, is_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping
    from pathlib import Path

Stream = Literal["stdout", "stderr"]

CHUNK_BYTES: Final = 65536
KILLED_BASE: Final = 128
"""What a shell adds to the number of the signal that ended a program to make its exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run, and where."""

    argv: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    """All of its environment: nothing is added to it but the marker of this run."""
    launcher: tuple[str, ...] = ()
    """What stands before its arguments: it starts it in a namespace, or in a sandbox."""
    grace_seconds: float = GRACE_SECONDS
    """How long its processes have between SIGTERM and SIGKILL."""


class Program:
    """A program that runs: its streams, and its end."""

    def __init__(self, process: subprocess.Popen[bytes], marker: str, *, launched: bool) -> None:
        """Take over a process that has just been started with `marker` in its environment.

        One that was `launched` by another tells by its exit code which signal ended it.
        """
        self._process: Final = process
        self._marker: Final = marker
        self._launched: Final = launched
        self._pidfd: Final = open_pidfd(process.pid)
        self._output: Final = {"stdout": _open(process.stdout), "stderr": _open(process.stderr)}
        self._input: Final = _open(process.stdin)
        self.identity: Final = _identity(process.pid)
        reaper.claim(self.identity)

    @property
    def marker(self) -> str:
        """What marks everything that it starts, and itself."""
        return self._marker

    async def read(self, stream: Stream) -> bytes:
        """Return the next bytes of a stream as soon as there are some; none at its end."""
        descriptor = self._output[stream].fileno()
        while True:
            await anyio.wait_readable(descriptor)
            with suppress(BlockingIOError):
                return os.read(descriptor, CHUNK_BYTES)

    async def write(self, content: bytes) -> None:
        """Write `content` to its input; the rest of it is dropped if nobody reads on."""
        rest = memoryview(content)
        while rest:
            rest = rest[await self.write_some(rest) :]

    async def write_some(self, content: memoryview) -> int:
        """Write the beginning of `content`, and return how much: all of it if nobody reads on.

        Whoever is cancelled here has written nothing.
        """
        while not self._input.closed:
            descriptor = self._input.fileno()
            try:
                await anyio.wait_writable(descriptor)
                return os.write(descriptor, content[:CHUNK_BYTES])
            except BlockingIOError:
                continue
            except (BrokenPipeError, anyio.ClosedResourceError):
                break
        return len(content)

    def close_input(self) -> None:
        """Let it see the end of its input."""
        if not self._input.closed:
            # Who still writes would wait for ever, and for whatever gets that number next.
            anyio.notify_closing(self._input)
            self._input.close()

    async def exited(self) -> None:
        """Wait until its first process has ended; others may still run."""
        if self._pidfd is not None:
            await anyio.wait_readable(self._pidfd)
        # Where there is no such descriptor, looking again and again is what is left.
        while is_running(self.identity):  # noqa: ASYNC110
            await anyio.sleep(POLL_SECONDS)

    async def end(self, *, grace_seconds: float = GRACE_SECONDS) -> None:
        """End all its processes; raises ProcessError if that can't be done."""
        if self._process.returncode is not None:
            return
        await end_tree(self._marker, [self.identity], grace_seconds=grace_seconds)
        # Collected only now: until then its number, and its group's, belong to nobody else.
        self._process.wait()
        reaper.disclaim(self.identity)

    def ending(self) -> tuple[int, int | None]:
        """Return its exit code, as a shell tells it, and the signal that ended it, if one did."""
        code = self._process.returncode
        killed_by = -code if code < 0 else code - KILLED_BASE
        if code < 0:
            return KILLED_BASE + killed_by, killed_by
        return code, killed_by if self._launched and _is_signal(killed_by) else None

    def close(self) -> None:
        """Close our ends of its streams."""
        self.close_input()
        for stream in self._output.values():
            stream.close()
        if self._pidfd is not None:
            os.close(self._pidfd)


@asynccontextmanager
async def started(command: Command) -> AsyncIterator[Program]:
    """Start a program; when the block is left, in whatever way, all its processes are ended.

    Raises ProcessError if it can't be started, or if its processes can't be ended.
    """
    program = await _start(command)
    try:
        yield program
    finally:
        with anyio.CancelScope(shield=True):
            try:
                await program.end(grace_seconds=command.grace_seconds)
            finally:
                program.close()


async def end_tree(
    marker: str,
    roots: Iterable[ProcessIdentity] = (),
    *,
    grace_seconds: float = GRACE_SECONDS,
    force_seconds: float = FORCE_SECONDS,
) -> None:
    """Do `end_tree_blocking` beside the event loop; a cancellation waits until it is done."""
    work = partial(
        end_tree_blocking,
        marker,
        tuple(roots),
        grace_seconds=grace_seconds,
        force_seconds=force_seconds,
    )
    with anyio.CancelScope(shield=True):
        await anyio.to_thread.run_sync(work)


async def _start(command: Command) -> Program:
    _check(command)
    marker = secrets.token_hex(16)
    with reaper.starting:
        process = _popen((*command.launcher, *command.argv), command, marker)
        return Program(process, marker, launched=bool(command.launcher))


def _check(command: Command) -> None:
    """Raise ProcessError where it is plain that the program can't be started."""
    name = command.argv[0] if command.argv else ""
    if not command.cwd.is_dir():
        raise ProcessError(f"there is no folder {str(command.cwd)!r} to run {name!r} in")
    place = str(command.cwd / name) if os.sep in name else name
    if not name or shutil.which(place, path=command.env.get("PATH", os.defpath)) is None:
        hint = "install it, or give its full path in the configuration"
        raise ProcessError(f"program not found: {name!r}", hint=hint)


def _popen(argv: tuple[str, ...], command: Command, marker: str) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            argv,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=command.cwd,
            env={**command.env, RUN: marker},
            start_new_session=True,
        )
    except (OSError, ValueError) as exc:
        raise _not_started(command.argv[0], exc) from exc


def _not_started(name: str, cause: OSError | ValueError) -> ProcessError:
    hint = "look at the program: it is there, but the system can't run it"
    if isinstance(cause, ValueError):
        hint = "take NUL bytes out of its arguments and environment"
    elif cause.errno == errno.E2BIG:
        hint = (
            "its arguments are too long: give the prompt on stdin, without {prompt} in the command"
        )
    elif cause.errno == errno.EAGAIN:
        hint = "too many processes run: raise the limit (ulimit -u), or lower worker.slots"
    return ProcessError(f"could not start {name!r}: {cause}", hint=hint)


def _identity(pid: int) -> ProcessIdentity:
    identity = identify(pid)
    if identity is None:
        raise ProcessError(f"process {pid} can't be looked at", hint="see whether /proc is mounted")
    return identity


def _open(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ProcessError("a program was started without its streams")
    os.set_blocking(stream.fileno(), False)
    return stream


def open_pidfd(pid: int) -> int | None:
    """Open a descriptor that is readable once the process has ended, where there are such."""
    if sys.platform != "linux":
        return None
    with suppress(OSError):
        return os.pidfd_open(pid)
    return None


def _is_signal(number: int) -> bool:
    return number in signal.valid_signals()
