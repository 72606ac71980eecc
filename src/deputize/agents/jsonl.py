"""JSON messages, one a line, to and from an agent's program; what is in them is read tolerantly."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

import anyio

from deputize.agents.output import LINE_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.workspace.processes.program import Program

MESSAGE_BYTES = 50 * 1024 * 1024
"""The longest message that is taken: agents send whole files in one."""

Json = dict[str, object]


class Pipe:
    """JSON messages, one per line, over the input and output of a program."""

    def __init__(self, program: Program, note: Callable[[str], None]) -> None:
        """Speak with `program`; lines of it that are no messages go to `note`."""
        self._program = program
        self._note = note
        self._received = bytearray()
        self._batch: deque[Json] = deque()
        self._sending = anyio.Lock()
        self._unsent = memoryview(b"")

    async def send(self, message: Json) -> None:
        """Send a message whole, after those that are being sent."""
        line = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        async with self._sending:
            # Who was cancelled in the midst of a message has left the rest of it to the next one.
            await self._send_on()
            self._unsent = memoryview(line)
            try:
                await self._send_on()
            finally:
                if len(self._unsent) == len(line):
                    self._unsent = memoryview(b"")

    async def _send_on(self) -> None:
        while self._unsent:
            self._unsent = self._unsent[await self._program.write_some(self._unsent) :]

    async def receive(self) -> Json | None:
        """Return the next message; None at the end, or when one gets too long."""
        while not self._batch:
            line = await self._line()
            if line is None:
                return None
            self._batch.extend(_messages(line))
            if not self._batch:
                self._pass_over(line)
        return self._batch.popleft()

    def _pass_over(self, line: bytes) -> None:
        if told := line.decode("utf-8", "replace").strip():
            self._note(told[:LINE_CHARACTERS])

    async def close(self) -> None:
        """Let the agent see the end of its input."""
        self._program.close_input()

    async def _line(self) -> bytes | None:
        searched = 0
        while (end := self._received.find(b"\n", searched)) < 0:
            searched = len(self._received)
            if searched > MESSAGE_BYTES:
                self._note(f"a message of more than {MESSAGE_BYTES} bytes ends the conversation")
                return None
            content = await self._program.read("stdout")
            if not content:
                return None
            self._received += content
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line


def _messages(line: bytes) -> list[Json]:
    """Return the message of a line, or those of a batch (JSON-RPC 2.0, section 6)."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return []
    messages = found if isinstance(found, list) else [found]
    return [each for each in messages if isinstance(each, dict)]


def as_object(value: object) -> dict[str, object]:
    """Return a JSON object, or an empty one where it is something else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[object]:
    """Return a JSON list, or an empty one where it is something else."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str:
    """Return a JSON text, or an empty one where it is something else."""
    return value if isinstance(value, str) else ""
