"""Messages to and from an agent's program: the only module that knows the package `acp`.

What we send follows the protocol's schema; what comes in is read tolerantly, because agents differ
and newer ones say things that an older schema doesn't have.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
from acp import RequestError
from acp.connection import Connection

from deputize.agents.jsonl import Json
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from deputize.agents.jsonl import Pipe

Answer = Callable[[str, Json], Awaitable[Json]]
"""Answers a request of the agent; raises LookupError for a method that isn't there."""
Hear = Callable[[str, Json], None]
"""Takes a notification of the agent; never raises."""


class Peer:
    """The agent at the other end of a pipe."""

    def __init__(self, pipe: Pipe, answer: Answer, hear: Hear) -> None:
        """Begin to listen: requests go to `answer`, notifications to `hear`, in order."""
        self._answer = answer
        self._hear = hear
        self.gone = anyio.Event()
        """Set once nothing more comes from the agent."""
        self._connection = Connection(self._handle, _Watched(pipe, self.gone))

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
        self.gone.set()
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


class _Watched:
    """A pipe, and the event of its end."""

    def __init__(self, pipe: Pipe, end: anyio.Event) -> None:
        self._end = end
        self._pipe = pipe
        self.send, self.close = pipe.send, pipe.close

    async def receive(self) -> Json | None:
        message = await self._pipe.receive()
        if message is None:
            self._end.set()
        return message


def _told(error: RequestError) -> str:
    """Return the message of an error with whatever the agent adds to it."""
    details = error.data
    if isinstance(details, dict):
        details = details.get("details") or details.get("message") or details
    added = details if isinstance(details, str) else json.dumps(details, default=str)
    return f"{error}: {added}" if details and added not in str(error) else str(error)
