"""Running a program to its end, within limits of time and output."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import anyio

from deputize.workspace.processes.program import Command, Program, Stream, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.workspace.processes.identity import ProcessIdentity

TimedOut = Literal["time", "idle"]

TAIL_BYTES: Final = 65536
DRAIN_SECONDS: Final = 0.5
"""How long output is awaited after the program's end from others that hold its pipes open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a program may run, be silent, and how much of what it says is passed on."""

    timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    output_limit_bytes: int = 16 * 1024 * 1024
    """What it writes beyond that is read, so that it can go on, but only the tail is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """How a program ended."""

    exit_code: int
    """As a shell tells it: 128 + the signal's number for one that was killed."""
    signal: int | None
    timed_out: TimedOut | None
    """The limit for which we ended it."""
    output_tail: bytes
    """The last TAIL_BYTES of its output, both streams as they came."""
    duration_seconds: float


async def run(
    command: Command,
    limits: Limits,
    on_output: Callable[[Stream, bytes], None],
    *,
    stdin: bytes | None = None,
    on_started: Callable[[ProcessIdentity], None] | None = None,
) -> Finished:
    """Run a program and return when all of its processes are gone.

    `on_output` gets each piece of output as it comes; `on_started` the identity to be remembered.
    Cancelled, or when one of them raises, it ends all processes first. Raises ProcessError if the
    program can't be started, or can't be ended.
    """
    began = time.monotonic()
    recording = _Recording(on_output, limits.output_limit_bytes)
    async with started(command) as program:
        if on_started is not None:
            on_started(program.identity)
        timed_out = await _see_through(program, command, limits, recording, stdin)
    exit_code, killed_by = program.ending()
    return Finished(
        exit_code=exit_code,
        signal=killed_by,
        timed_out=timed_out,
        output_tail=recording.tail(),
        duration_seconds=time.monotonic() - began,
    )


class _Recording:
    """What a program has said: passed on up to a limit, its tail kept."""

    def __init__(self, on_output: Callable[[Stream, bytes], None], limit_bytes: int) -> None:
        self.last_at = anyio.current_time()
        self._on_output = on_output
        self._left = limit_bytes
        self._tail = bytearray()

    def take(self, stream: Stream, chunk: bytes) -> None:
        self.last_at = anyio.current_time()
        self._tail += chunk
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]
        passed = chunk[: self._left]
        self._left -= len(passed)
        if passed:
            self._on_output(stream, passed)

    def tail(self) -> bytes:
        return bytes(self._tail[-TAIL_BYTES:])


class _Reading:
    """The reading of both streams, which goes on while the program is being ended."""

    def __init__(self, program: Program, recording: _Recording) -> None:
        self._program = program
        self._recording = recording
        self._scope = anyio.CancelScope(shield=True)
        self._done = anyio.Event()

    async def read_all(self) -> None:
        try:
            with self._scope:
                async with anyio.create_task_group() as streams:
                    streams.start_soon(self._read, "stdout")
                    streams.start_soon(self._read, "stderr")
        finally:
            self._done.set()

    async def wait(self, seconds: float) -> None:
        with anyio.move_on_after(seconds):
            await self._done.wait()

    def stop(self) -> None:
        self._scope.cancel()

    async def _read(self, stream: Stream) -> None:
        while chunk := await self._program.read(stream):
            self._recording.take(stream, chunk)


async def _see_through(
    program: Program,
    command: Command,
    limits: Limits,
    recording: _Recording,
    stdin: bytes | None,
) -> TimedOut | None:
    """Feed and read the program until it has ended, or has to be; returns the limit it broke."""
    reading = _Reading(program, recording)
    timed_out: TimedOut | None = None
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(reading.read_all)
            tasks.start_soon(_feed, program, stdin)
            try:
                timed_out = await _watch(program, limits, recording)
                if timed_out is None:
                    await reading.wait(DRAIN_SECONDS)
            finally:
                await _finish(program, reading, command.grace_seconds)
            tasks.cancel_scope.cancel()
    except ExceptionGroup as failures:
        raise _first(failures) from None
    return timed_out


async def _watch(program: Program, limits: Limits, recording: _Recording) -> TimedOut | None:
    """Wait until the program has ended, or broke a limit: then returns which."""
    idle = math.inf if limits.idle_timeout_seconds is None else limits.idle_timeout_seconds
    with anyio.move_on_after(limits.timeout_seconds):
        while True:
            with anyio.CancelScope(deadline=recording.last_at + idle):
                await program.exited()
                return None
            if anyio.current_time() >= recording.last_at + idle:
                return "idle"
    return "time"


async def _feed(program: Program, stdin: bytes | None) -> None:
    if stdin:
        await program.write(stdin)
    program.close_input()


async def _finish(program: Program, reading: _Reading, grace_seconds: float) -> None:
    """End what is left of the program and read its last words, whatever else goes on."""
    with anyio.CancelScope(shield=True):
        try:
            await program.end(grace_seconds=grace_seconds)
            await reading.wait(DRAIN_SECONDS)
        finally:
            reading.stop()


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    failure = failures.exceptions[0]
    return _first(failure) if isinstance(failure, ExceptionGroup) else failure
