"""What a program and the conversations with it say to each other, brought to the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import anyio

from deputize.agents.acp.permission import CANCELLED
from deputize.agents.acp.wire import Peer
from deputize.agents.jsonl import as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from deputize.agents.jsonl import Json, Pipe


class Party(Protocol):
    """Who takes part in a session."""

    def hear(self, update: Json) -> None:
        """Take an update of the session."""
        ...

    async def decide(self, params: Json) -> Json:
        """Answer a request for permission."""
        ...


class Exchange:
    """A program's messages, which concern sessions, and who holds which of these.

    What concerns a session that nobody holds is dropped, and a permission asked for there refused.
    """

    def __init__(self, pipe: Pipe) -> None:
        """Begin to listen."""
        self._holders: dict[str, Line] = {}
        self._only: Line | None = None
        self.peer = Peer(pipe, self._answer, self._hear)

    def only_line(self) -> Line:
        """Return a line that gets everything, whatever session it is said of."""
        self._only = Line(self)
        return self._only

    def line(self) -> Line:
        """Return a line that gets what concerns the session which it holds."""
        return Line(self)

    def give(self, session: str, line: Line) -> None:
        """Let a line hold a session; raises AgentError where another one does."""
        if self._holders.setdefault(session, line) is not line:
            message = f"the session {session} is being worked in already"
            raise AgentError(Outcome.AGENT_ERROR, message)

    def take(self, session: str, line: Line) -> None:
        """Take a session from who holds it."""
        if self._holders.get(session) is line:
            del self._holders[session]

    def _holder(self, params: Json) -> Line | None:
        return self._only or self._holders.get(as_text(params.get("sessionId")))

    def _hear(self, method: str, params: Json) -> None:
        holder = self._holder(params)
        if method == "session/update" and holder is not None:
            holder.hear(params)

    async def _answer(self, method: str, params: Json) -> Json:
        if method != "session/request_permission":
            raise LookupError(method)
        holder = self._holder(params)
        return CANCELLED if holder is None else await holder.decide(params)


class Line:
    """The way from one conversation to its agent and back."""

    def __init__(self, exchange: Exchange) -> None:
        """Begin without a session."""
        self._exchange = exchange
        self._session: str | None = None
        self._party: Party | None = None
        self._asked: set[anyio.CancelScope] = set()
        self._is_over = False

    @property
    def gone(self) -> anyio.Event:
        """What is set once nothing more comes from the agent."""
        return self._exchange.peer.gone

    def listen(self, party: Party) -> None:
        """Bring what comes to `party`."""
        self._party = party

    def hold(self, session: str) -> None:
        """Have what concerns a session come here, and no other's; AgentError where it is held."""
        self.let_go()
        self._exchange.give(session, self)
        self._session = session

    def let_go(self) -> None:
        """Have nothing more come of the session."""
        if self._session is not None:
            self._exchange.take(self._session, self)
        self._session = None

    async def request(self, method: str, params: Json) -> Json:
        """Ask the agent; raises AgentError where it refuses or is gone."""
        return await self._exchange.peer.request(method, params)

    async def notify(self, method: str, params: Json) -> None:
        """Tell the agent something, if it is still there."""
        await self._exchange.peer.notify(method, params)

    def withdraw(self) -> None:
        """Permit nothing more; whoever is being asked need not answer."""
        self._is_over = True
        for scope in self._asked:
            scope.cancel()

    def hear(self, params: Json) -> None:
        """Pass on an update of the session."""
        update = params.get("update")
        if self._party is not None:
            self._party.hear(update if isinstance(update, dict) else {})

    async def decide(self, params: Json) -> Json:
        """Pass on a request for permission."""
        if self._party is None or self._is_over:
            return CANCELLED
        with anyio.CancelScope() as scope:
            self._asked.add(scope)
            try:
                answer = await self._party.decide(params)
            finally:
                self._asked.discard(scope)
            # Who can't be cancelled while it decides may say yes to what nobody waits for.
            return CANCELLED if self._is_over else answer
        return CANCELLED
