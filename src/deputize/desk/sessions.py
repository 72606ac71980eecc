"""Verbs about sessions: agents' conversations that can be resumed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.forgetting import forget
from deputize.agents.registry import settings_for
from deputize.config.load import load_config
from deputize.desk.narrowing import ALL
from deputize.errors import InvalidInput
from deputize.git.locate import locate
from deputize.intake.session import chosen
from deputize.model.agent import has_sessions, names_sessions
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.store import journal, sessions
from deputize.store.rows import to_text
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.desk.narrowing import Narrowing
    from deputize.model.session import Session


def document(session: Session) -> dict[str, object]:
    """Return a session as a JSON value."""
    return {
        "session": session.token,
        "agent": session.agent,
        "task": session.task,
        "number": session.number,
        "repo": session.repo,
        "host": session.host,
        "started_at": to_text(session.started_at),
        "used_at": to_text(session.used_at),
        "used_by": session.used_by,
        **session.terms._asdict(),
    }


def listing(desk: Desk, wanted: Narrowing = ALL) -> list[Session]:
    """Return sessions, the one used last first."""
    wanted = wanted.within(list(TaskState))
    with desk.database.read() as transaction:
        return sessions.listing(transaction, limit=wanted.limit, **wanted.asked)


def find(desk: Desk, token: str, agent: str | None = None) -> Session:
    """Return a session; NotFound where none is called so, InvalidInput where several are."""
    with desk.database.read() as transaction:
        return chosen(sessions.of_token(transaction, token), token, agent)


def begin(desk: Desk, agent: str, repo: str | None) -> Session:
    """Name a session that the first task in it begins, in a repository or in none.

    Raises InvalidInput where the agent has no sessions, or doesn't let others name them.
    """
    require_named(desk, agent)
    found = None if repo is None else locate(Path(repo), None)
    place = None if found is None else str(found.checkout or found.git_dir)
    token, now = str(uuid.uuid4()), desk.clock.now()
    with desk.database.write() as transaction:
        sessions.begin(transaction, agent, token, place, this_host(), now)
        body = {"agent": agent, "session": token, "repo": place}
        event = Event(kind="session.begun", actor=desk.actor, body=body)
        journal.append(transaction, event, now)
    return find(desk, token, agent)


def require_named(desk: Desk, agent: str) -> None:
    """Raise InvalidInput where no empty session of an agent can be kept."""
    settings = settings_for(agent, load_config(desk.home.config).agents)
    if not has_sessions(agent, settings):
        hint = "`deputize agents` lists others; say `resume_arguments` in its table if it has some"
        raise InvalidInput(f"agent {agent} has no sessions", hint=hint)
    if not names_sessions(agent, settings):
        hint = f'begin one with a task: `deputize add --agent {agent} "…"`'
        raise InvalidInput(f"agent {agent} begins a session only with a task", hint=hint)


def destroy(desk: Desk, token: str, agent: str | None = None) -> Session:
    """Forget a session and delete what is kept of it here; IllegalMove where a task uses it."""
    session = find(desk, token, agent)
    if session.host not in {None, this_host()}:
        hint = f"run this on {session.host}"
        raise InvalidInput(f"session {token} is kept on {session.host}", hint=hint)
    _forget(desk, session, "asked for")
    return session


def destroy_stale(desk: Desk) -> list[Session]:
    """Forget the sessions that are older than the settings say."""
    kept = load_config(desk.home.config).retention.sessions_seconds
    if not kept:
        return []
    before = desk.clock.now() - timedelta(seconds=kept)
    with desk.database.read() as transaction:
        found = sessions.stale(transaction, before, this_host(), limit=1_000_000)
    return [session for session in found if _forget(desk, session, "stale")]


def _forget(desk: Desk, session: Session, why: str) -> bool:
    return forget(
        desk.database, desk.home, session, actor=desk.actor, why=why, now=desk.clock.now()
    )
