"""Sessions are forgotten here: their rows, and what agents keep of them in deputize's home."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from deputize.errors import DeputizeError, IllegalMove
from deputize.model.event import Event
from deputize.store import journal, sessions

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.model.session import Session
    from deputize.store.database import Database

KEPT = (
    # Copilot's
    "session-state/{token}",
    "session-state/.session-operation-locks/{token}.lock",
    # Codex's, and what we keep beside them
    "sessions/*/*/*/rollout-*-{token}.jsonl",
    "told/{token}.json",
)
"""Where agents keep a session below a folder that we give them; `*` is anything but a slash."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""A name that leads nowhere else, whatever an agent calls its sessions."""


def forget(
    database: Database, home: Home, session: Session, *, actor: str, why: str, now: datetime
) -> bool:
    """Forget a session and delete what is kept of it; tell whether it was still there.

    Raises IllegalMove where a task uses it, DeputizeError where its files can't be deleted.
    """
    with database.write() as transaction:
        known = {each.agent: each for each in sessions.of_token(transaction, session.token)}
        current = known.get(session.agent)
        if current is None:
            return False
        if current.used_by is not None:
            hint = f"`deputize cancel {current.used_by}` first, or wait for its end"
            message = f"session {session.token} is used by #{current.used_by}"
            raise IllegalMove(message, hint=hint)
        sessions.delete(transaction, current)
        body = {"agent": current.agent, "session": current.token, "why": why}
        event = Event(kind="session.destroyed", actor=actor, task=current.task, body=body)
        journal.append(transaction, event, now)
        # Before this is committed: where its files can't be deleted, it is still known.
        _delete(home.agents / current.agent, current.token)
    return True


def _delete(folder: Path, token: str) -> None:
    if not (_PLAIN.fullmatch(folder.name) and _PLAIN.fullmatch(token)):
        return
    for path in [path for place in KEPT for path in folder.glob(place.format(token=token))]:
        # An agent may have put a link there, to what is not its own.
        if path.parent.resolve() == folder.resolve() / path.parent.relative_to(folder):
            _remove(path)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        hint = f"look at its rights: `ls -ld {path}`"
        message = f"cannot delete the session's files: {path}: {error.strerror}"
        raise DeputizeError(message, hint=hint) from error
