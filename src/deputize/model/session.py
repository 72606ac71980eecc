"""A session: an agent's own conversation, which can be resumed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

LONGEST_TOKEN = 180
"""How many characters an agent's name for a session may have."""


class Terms(NamedTuple):
    """Under what an attempt works in a session."""

    provider: str | None = None
    """Where its model is served, by the name in the settings; None is the agent's own login."""
    provider_type: str | None = None
    base_url: str | None = None
    """Without a name, a password or a key in it."""
    allow_all: bool | None = None
    """Nothing stood between the agent and what it wanted to do; None where that isn't known."""


NO_TERMS = Terms()
"""Of which nothing is known."""


class Session(NamedTuple):
    """An agent's conversation that a later attempt may resume."""

    agent: str
    token: str
    """What the agent calls it."""
    task: int | None
    """The task that used it last; None where none has yet."""
    attempt: int | None
    number: int | None
    """Which attempt of its task that is."""
    started_at: datetime
    used_at: datetime
    """When something last happened in it."""
    repo: str | None
    host: str | None
    """The machine that keeps it, where others may work on the store too."""
    terms: Terms
    used_by: int | None
    """An open task that works in it, or is going to."""
