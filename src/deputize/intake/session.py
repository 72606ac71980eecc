"""The session that a task goes on in: whose it is, and whether there is one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput, NotFound
from deputize.store import sessions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.model.session import Session
    from deputize.model.task import TaskSpec
    from deputize.store.database import Database


def with_agent(database: Database, spec: TaskSpec) -> TaskSpec:
    """Return a task with the agent whose session it goes on in.

    One that isn't known here, as who began it at a terminal knows, has to come with its agent.
    """
    if spec.session is None:
        return spec
    with database.read() as transaction:
        known = sessions.of_token(transaction, spec.session)
    if not known and spec.agent is not None:
        return spec
    return replace(spec, agent=chosen(known, spec.session, spec.agent).agent)


def chosen(known: Sequence[Session], token: str, agent: str | None) -> Session:
    """Return the one session that is meant; NotFound or InvalidInput where there is no such."""
    found = [session for session in known if agent in {None, session.agent}]
    if not known:
        hint = "`deputize sessions list` shows those that are known; any other needs --agent"
        raise NotFound(f"there is no session {token!r}", hint=hint, field="session")
    if len(found) == 1:
        return found[0]
    agents = " and ".join(session.agent for session in known)
    if found:
        hint = "say which one with --agent"
        message = f"there are sessions {token!r} of {agents}"
        raise InvalidInput(message, hint=hint, field="agent")
    hint = "leave out --agent, or choose another session"
    raise InvalidInput(f"session {token!r} is one of {agents}", hint=hint, field="agent")
