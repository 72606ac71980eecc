"""Looks for transactions that were forgotten: nothing is cleared away, or written, behind them."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from deputize.desk.doctor.finding import FIX, About, Finding, ok, warn
from deputize.errors import StoreUnavailable
from deputize.showing import shown_name
from deputize.store import readers
from deputize.workspace.processes import table
from deputize.workspace.processes.locks import holders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.desk.context import Desk
    from deputize.store.readers import Log, Session

LOOKS, LOOK_SECONDS = 10, 0.1
"""Whoever reads the same moment at each of these looks has forgotten to end, or is very slow."""
UNNAMED_PAGES = 1000
"""So much left means a forgotten reader even where the system doesn't name it."""
LARGE_BYTES = 64 << 20
FORGOTTEN_SECONDS = 60


def log(desk: Desk) -> Iterator[Finding]:
    """Look at the write-ahead log of a file: its size, and who keeps it from being copied."""
    found = readers.log_of(desk.database)
    if found is None:
        return
    for pid in sorted(_still_there(found.shared, readers.WRITE_LOCK)):
        text = f"{_process(pid)} has been writing for more than a second: nobody else can"
        yield warn(About.READERS, text, f"end it: kill {pid}")
    held = frozenset[int]()
    if found.left_count:
        held = _still_there(found.shared, readers.READ_LOCKS)
    if held or found.left_count > UNNAMED_PAGES:
        found = readers.log_of(desk.database) or found
    yield from _forgotten(found, held)
    yield _size(desk, found)


def _still_there(shared: Path, places: range) -> frozenset[int]:
    """Return who holds a lock, and goes on holding it without a pause, but for ourselves."""
    held = holders(shared, places) - {os.getpid()}
    for _ in range(LOOKS):
        if not held:
            break
        time.sleep(LOOK_SECONDS)
        held &= holders(shared, places)
    return held


def _forgotten(found: Log, held: frozenset[int]) -> Iterator[Finding]:
    rest = f"holds a moment of the past open: {found.left_count} pages of the log wait"
    if not found.left_count:
        return
    for pid in sorted(held):
        yield warn(About.READERS, f"{_process(pid)} {rest}", f"end it: kill {pid}")
    if not held and found.left_count > UNNAMED_PAGES:
        hint = f"`lsof {found.shared}` names who has it open; end what isn't deputize"
        yield warn(About.READERS, f"a process {rest}", hint)


def _process(pid: int) -> str:
    entry = table.look(pid)
    return f"process {pid} ({shown_name(entry.name)})" if entry else f"process {pid}"


def _size(desk: Desk, found: Log) -> Finding:
    def mend() -> str:
        if not readers.shrink(desk.database):
            hint = "end who reads it, or try again in a moment"
            raise StoreUnavailable("somebody still reads it", hint=hint)
        return "cut to nothing"

    text = f"the log beside the database has {found.size_bytes / (1 << 20):.1f} MiB"
    if found.size_bytes <= LARGE_BYTES:
        return ok(About.READERS, text)
    return warn(About.READERS, text, f"{FIX} cuts it", mend)


def sessions(desk: Desk, seconds: int = FORGOTTEN_SECONDS) -> Iterator[Finding]:
    """Look for sessions of a server that have kept an older moment for long."""
    with desk.database.read() as transaction:
        found = readers.sessions(transaction, seconds)
    for session in found:
        text = f"{_named(session)} holds a moment of the past open for {session.seconds} s"
        yield warn(About.READERS, text, _way_out(session))
    if not found:
        yield ok(About.READERS, f"no transaction has been open for more than {seconds} s")


def _named(session: Session) -> str:
    if not session.pid:
        return f"prepared transaction {shown_name(session.program)} of {session.user}"
    how = ", ".join(shown_name(word) for word in (session.program, session.state) if word)
    return f"session {session.pid} of {session.user} ({how})"


def _way_out(session: Session) -> str:
    if not session.pid:
        return f"roll it back in psql: rollback prepared '{shown_name(session.program)}'"
    return f"end its program, or in psql: select pg_terminate_backend({session.pid})"
