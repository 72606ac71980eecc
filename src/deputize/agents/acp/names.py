"""The names that an agent gives to its sessions, messages, tool calls and terminals: pure."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from deputize.agents.jsonl import as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.session import LONGEST_TOKEN

if TYPE_CHECKING:
    from collections.abc import Mapping


LONGEST_NAME = 200


def name_in(told: Mapping[str, object], key: str) -> str:
    """Return a name that can be kept: of one that is long, its digest, which no other one has."""
    name = as_text(told.get(key))
    if len(name) <= LONGEST_NAME:
        return name
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def session_in(opened: Mapping[str, object]) -> str:
    """Return the name of a session that was begun; raises AgentError where it can't be used."""
    session = as_text(opened.get("sessionId"))
    if not session:
        raise AgentError(Outcome.AGENT_ERROR, "the agent began a session without an id")
    if len(session) > LONGEST_TOKEN or not session.isprintable():
        message = f"the agent began a session whose id is no line of {LONGEST_TOKEN} characters"
        raise AgentError(Outcome.AGENT_ERROR, message)
    return session
