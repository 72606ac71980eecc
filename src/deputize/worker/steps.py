"""What an attempt writes down on its way, every line of it fenced by its lease."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

import anyio

from deputize import log as diagnostics
from deputize.errors import DeputizeError, GitError
from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.session import NO_TERMS
from deputize.redaction import Redactor
from deputize.store import approvals, attempts, sessions
from deputize.workshop import aside, tips_of_dependents
from deputize.workspace.processes.identity import identify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from deputize.attempt_log import AttemptLog
    from deputize.model.attempt import Attempt
    from deputize.model.session import Session, Terms
    from deputize.queue import Claim, Ending
    from deputize.store.database import Transaction
    from deputize.workshop import Workshop


MOST_NOTES = 500
"""How many notes are written together."""


@dataclass(slots=True, kw_only=True)
class Steps:
    """The written side of one attempt."""

    shop: Workshop
    claim: Claim
    log: AttemptLog
    redactor: Redactor = field(default_factory=Redactor)
    """Knows the secrets of the agent, once it has been set out."""
    question: Approval | None = None
    """What a person is asked if the attempt parks."""
    outgoing: MemoryObjectSendStream[Note] = field(init=False)
    incoming: MemoryObjectReceiveStream[Note] = field(init=False)

    def __post_init__(self) -> None:
        """Open the way by which the event loop hands notes to the store."""
        self.outgoing, self.incoming = anyio.create_memory_object_stream(10_000)

    async def begin(self, log_path: str) -> None:
        """Note where the log is."""
        await self.change(lambda attempt: attempt._replace(log=log_path))

    async def change(self, make: Callable[[Attempt], Attempt], event: Event | None = None) -> None:
        """Write something of the open attempt, and an event if it is one; LeaseLost if not ours."""
        await self.shop.in_store(self._change, make, event)

    def _change(self, make: Callable[[Attempt], Attempt], event: Event | None) -> None:
        with self.shop.database.write() as transaction:
            self._change_in(transaction, make, event)

    def _change_in(
        self, transaction: Transaction, make: Callable[[Attempt], Attempt], event: Event | None
    ) -> None:
        current = attempts.fenced(transaction, self.claim.attempt)
        attempts.save(transaction, make(current))
        if event:
            body = cast("dict[str, object]", self.redactor.redacted_value(dict(event.body)))
            event = replace(event, body=body)
            attempts.note(transaction, self.claim.attempt, event, self.shop.now())

    def hide(self, secrets: Iterable[str]) -> None:
        """Keep secrets out of all that is written from now on, however they are written."""
        self.redactor = Redactor(secrets)
        self.log.hide(self.redactor)

    def note_workspace(self, path: Path, base: str | None) -> None:
        """Write where the agent is going to work, and from which commit; for use in a thread."""
        self._change(
            lambda attempt: attempt._replace(workspace=str(path), base=base or attempt.base), None
        )

    def jot(self, event: Event) -> None:
        """Append an event without secrets, before what it tells of goes on; for use in a thread.

        It outlives this process; `settle` makes it outlive the machine. LeaseLost where the attempt
        isn't ours any more.
        """
        with self.shop.database.jot() as transaction:
            attempts.jot(transaction, self.claim.attempt, event, self.shop.now())

    async def settle(self) -> None:
        """Have the disk keep what was jotted down; the next commit does it too."""
        try:
            await aside(self.shop.database.settle)
        except DeputizeError as error:
            diagnostics.get("worker").warning("not synced yet", error=error.message)

    def tell(self, event: Event) -> None:
        """Append an event without secrets soon: nothing waits for it."""
        self._hand(Note(event=event, at=self.shop.now()))

    async def note(self, event: Event) -> None:
        """Append an event of the attempt; LeaseLost where it isn't ours any more."""
        await self.shop.in_store(self._change, lambda attempt: attempt, event)

    async def milestone(self, text: str, **more: object) -> None:
        """Note a step that people want to see, in the log and in the journal."""
        self.log.milestone(text)
        actor = f"worker:{self.shop.worker.id}"
        await self.note(Event(kind="attempt.milestone", actor=actor, body={"step": text, **more}))

    def note_process(self, pid: int) -> None:
        """Remember a process of the agent, by which it is found should we die."""
        identity = identify(pid)
        if identity is not None:
            self._hand(Note(process=str(identity)))

    def note_session(self, token: str, terms: Terms) -> None:
        """Remember the agent's session, by which it can be resumed, and how it works in it."""
        self._hand(Note(session=token, terms=terms))

    def _hand(self, note: Note) -> None:
        try:
            self.outgoing.send_nowait(note)
        except (anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            diagnostics.get("worker").warning("a note of an attempt was dropped")

    def no_more_notes(self) -> None:
        """Let `write_notes` end once it has written what it has."""
        self.outgoing.close()

    async def write_notes(self) -> None:
        """Write notes as they come, those together that have come meanwhile."""
        async for note in self.incoming:
            await self._write([note, *self._waiting()])

    async def write_last_notes(self) -> None:
        """Write what is left of the notes, however the run has ended; then none are taken."""
        with anyio.CancelScope(shield=True):
            self.outgoing.close()
            if rest := self._waiting():
                await self._write(rest)
            self.incoming.close()

    def _waiting(self) -> list[Note]:
        found: list[Note] = []
        with suppress(anyio.WouldBlock, anyio.EndOfStream):
            while len(found) < MOST_NOTES:
                found.append(self.incoming.receive_nowait())
        return found

    async def _write(self, notes: Sequence[Note]) -> None:
        """Write notes; a lost lease is heard of elsewhere."""
        try:
            await self.shop.in_store(self._write_all, notes)
        except DeputizeError as error:
            found = {"count": len(notes), "error": error.message}
            diagnostics.get("worker").warning("notes not written", **found)

    def _write_all(self, notes: Sequence[Note]) -> None:
        with self.shop.database.write() as transaction:
            for note in notes:
                self._write_note(transaction, note)

    def _write_note(self, transaction: Transaction, note: Note) -> None:
        if note.event:
            attempts.jot(transaction, self.claim.attempt, note.event, note.at or self.shop.now())
            return
        self._change_in(transaction, note.applied, None)
        if note.process:
            attempts.began(transaction, self.claim.attempt.id, self.shop.now())
        if note.session:
            self._use_session(transaction, note.session, note.terms)

    def _use_session(self, transaction: Transaction, token: str, terms: Terms) -> None:
        attempt, now, host = self.claim.attempt, self.shop.now(), self.shop.worker.host
        sessions.use(transaction, attempt, token, now, terms=terms, host=host)

    async def is_new_session(self) -> bool:
        """Tell whether the task's session has only been named so far, and nothing said in it."""
        task = self.claim.task
        if task.session is None:
            return False
        known = await self.shop.in_store(self._sessions_called, task.session)
        return any(each.agent == task.agent and each.attempt is None for each in known)

    async def answers(self) -> list[Approval]:
        """Return what people said about tool calls since the attempt before this one began."""
        return await self.shop.in_store(self._answers)

    def _answers(self) -> list[Approval]:
        task = self.claim.task.id
        with self.shop.database.read() as transaction:
            earlier = attempts.of_task(transaction, task)[:-1]
            asked = approvals.of_task(transaction, task) if earlier else []
        return [
            each
            for each in asked
            if each.about is Subject.CALL
            and each.state in {ApprovalState.APPROVED, ApprovalState.DENIED}
            and each.answered_at
            and each.answered_at >= earlier[-1].started_at
        ]

    def _sessions_called(self, token: str) -> list[Session]:
        with self.shop.database.read() as transaction:
            return sessions.of_token(transaction, token)

    async def tips_of_dependents(self, ending: Ending) -> dict[tuple[str, str], str]:
        """Return the tips at which dependents start, should this ending release them."""
        if ending.change is not None:
            return {}
        try:
            return await aside(tips_of_dependents, self.shop, self.claim.task.id)
        except GitError:
            if ending.outcome is Outcome.SUCCEEDED:
                raise
            return {}  # the repository may be what failed; the base is pinned at the claim then


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something small to write down while an agent runs."""

    process: str | None = None
    session: str | None = None
    terms: Terms = NO_TERMS
    event: Event | None = None
    at: datetime | None = None
    """When the event happened, which is before it is written."""

    def applied(self, attempt: Attempt) -> Attempt:
        """Return the attempt with the note on it."""
        processes = (*attempt.processes, self.process) if self.process else attempt.processes
        return attempt._replace(processes=processes, session=self.session or attempt.session)
