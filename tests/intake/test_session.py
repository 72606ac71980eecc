"""Tasks that go on in a session: whose it is, and one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.errors import InvalidInput, NotFound
from deputize.store import sessions
from tests.fixtures.nouns import NOON

if TYPE_CHECKING:
    from tests.fixtures.doors import Door


def know(door: Door, agent: str, token: str) -> None:
    """Store a session of an agent."""
    with door.database.write() as transaction:
        sessions.begin(transaction, agent, token, None, "host", NOON)


def test_a_task_is_done_by_the_agent_whose_session_it_goes_on_in(door: Door) -> None:
    """Nobody has to say it; saying it is no error, and another agent is."""
    know(door, "goose", "s1")
    assert door.submit(session="s1").agent == "goose"
    assert door.submit(session="s1", agent="goose").agent == "goose"
    with pytest.raises(InvalidInput, match="'s1' is one of goose"):
        door.submit(session="s1", agent="copilot")


def test_two_sessions_of_a_name_are_told_apart_by_their_agents(door: Door) -> None:
    """Where nobody says which agent, both are named."""
    know(door, "goose", "s1")
    know(door, "copilot", "s1")
    with pytest.raises(InvalidInput, match="of copilot and goose"):
        door.submit(session="s1")
    assert door.submit(session="s1", agent="copilot").agent == "copilot"


def test_a_session_that_is_not_known_needs_its_agent(door: Door) -> None:
    """One that was begun elsewhere may be meant, or a slip: then nothing would go on in it."""
    with pytest.raises(NotFound, match="there is no session 's9'"):
        door.submit(session="s9")
    assert door.submit(session="s9", agent="copilot").session == "s9"


def test_an_agent_without_sessions_can_not_go_on_in_one(door: Door) -> None:
    """It would start over without a word."""
    door.home.config.write_text('[agents.script]\nkind = "command"\ncommand = ["true"]\n')
    with pytest.raises(InvalidInput, match="agent script has no sessions"):
        door.submit(session="s1", agent="script")


def test_tasks_of_one_session_run_one_at_a_time(door: Door) -> None:
    """By a lock of its name, unless the task has one of its own."""
    know(door, "copilot", "s1")
    assert door.submit(session="s1").lock == "session:s1"
    assert door.submit(session="s1", lock="mine").lock == "mine"


def test_a_key_recognises_a_task_when_its_session_has_gone(door: Door) -> None:
    """What was asked for is compared, not what followed from it."""
    know(door, "copilot", "s1")
    first = door.submit(session="s1", key="k")
    with door.database.write() as transaction:
        (session,) = sessions.of_token(transaction, "s1")
        sessions.delete(transaction, session)
    assert door.submit(session="s1", key="k").id == first.id
