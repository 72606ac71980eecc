"""Messages to and from an agent's program: the only module that knows the package `acp`.

What we send follows the protocol's schema; what comes in is read tolerantly, because agents differ
and newer ones say things that an older schema doesn't have.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
from acp import PROTOCOL_VERSION, RequestError
from acp.connection import Connection

from deputize.agents.output import LINE_CHARACTERS
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from deputize.workspace.processes.program import Program

MESSAGE_BYTES = 50 * 1024 * 1024
"""The longest message that is taken: agents send whole files in one."""

Json = dict[str, object]
Answer = Callable[[str, Json], Awaitable[Json]]
"""Answers a request of the agent; raises LookupError for a method that isn't there."""
Hear = Callable[[str, Json], None]
"""Takes a notification of the agent; never raises."""

__all__ = ["MESSAGE_BYTES", "PROTOCOL_VERSION", "Answer", "Hear", "Json", "Peer", "Pipe"]


class Pipe:
    """JSON messages, one per line, over the input and output of a program."""

    def __init__(self, program: Program, note: Callable[[str], None]) -> None:
        """Speak with `program`; lines of it that are no messages go to `note`."""
        self._program = program
        self._note = note
        self._received = bytearray()
        self._sending = anyio.Lock()

    async def send(self, message: Json) -> None:
        """Send a message whole, after those that are being sent."""
        line = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
        async with self._sending:
            await self._program.write(line)

    async def receive(self) -> Json | None:
        """Return the next message; None at the end, or when one gets too long."""
        while (line := await self._line()) is not None:
            message = _message(line)
            if message is not None:
                return message
            if told := line.decode("utf-8", "replace").strip():
                self._note(told[:LINE_CHARACTERS])
        return None

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


def _message(line: bytes) -> Json | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None


class Peer:
    """The agent at the other end of a pipe."""

    def __init__(self, pipe: Pipe, answer: Answer, hear: Hear) -> None:
        """Begin to listen: requests go to `answer`, notifications to `hear`, in order."""
        self._answer = answer
        self._hear = hear
        self._connection = Connection(self._handle, pipe)

    async def request(self, method: str, params: Json) -> Json:
        """Ask the agent; raises AgentError where it refuses or is gone."""
        try:
            result = await self._connection.send_request(method, params)
        except RequestError as exc:
            raise AgentError(Outcome.AGENT_ERROR, _told(exc)) from exc
        except ConnectionError as exc:
            message = "the agent closed the connection"
            raise AgentError(Outcome.AGENT_CRASHED, message) from exc
        return result if isinstance(result, dict) else {}

    async def notify(self, method: str, params: Json) -> None:
        """Tell the agent something, if it is still there."""
        try:
            await self._connection.send_notification(method, params)
        except ConnectionError:
            return

    async def close(self) -> None:
        """Stop listening."""
        await self._connection.close()

    async def _handle(self, method: str, params: object, is_notification: bool) -> Json | None:  # noqa: FBT001 - the library's signature
        given = params if isinstance(params, dict) else {}
        if is_notification:
            self._hear(method, given)
            return None
        try:
            return await self._answer(method, given)
        except LookupError as exc:
            raise RequestError.method_not_found(method) from exc


def _told(error: RequestError) -> str:
    """Return the message of an error with whatever the agent adds to it."""
    details = error.data
    if isinstance(details, dict):
        details = details.get("details") or details.get("message") or details
    added = details if isinstance(details, str) else json.dumps(details, default=str)
    return f"{error}: {added}" if details and added not in str(error) else str(error)
