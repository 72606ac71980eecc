"""What is forgotten of a session, and what stays."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.agents.forgetting import forget
from deputize.config.home import Home
from deputize.errors import IllegalMove
from deputize.store import journal, sessions, tasks, workers
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import NOON, QUEUED, a_task, a_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.store.database import Database

TOKEN = "0b6d4a52-6c2b-4f7e-9b57-0d9f7f6f3c11"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Name a home."""
    return Home(tmp_path / "home")


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    """Open its store."""
    with closing(open_database("sqlite", home.path)) as opened:
        with opened.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
        yield opened


def keep(home: Home, token: str) -> Path:
    """Let Copilot keep a session below home; return its folder."""
    folder = home.agents / "copilot" / "session-state" / token
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text("{}")
    locks = folder.parent / ".session-operation-locks"
    locks.mkdir(exist_ok=True)
    (locks / f"{token}.lock").touch()
    return folder


def name(database: Database, token: str) -> None:
    """Store a session of Copilot."""
    with database.write() as transaction:
        sessions.begin(transaction, "copilot", token, None, "host", NOON)


def forgotten(database: Database, home: Home, token: str) -> bool:
    """Forget the session that is called so."""
    with database.read() as transaction:
        (session,) = sessions.of_token(transaction, token)
    return forget(database, home, session, actor="person:ada", why="asked for", now=NOON)


def left(home: Home) -> list[str]:
    """Return the names of all files that are kept for agents."""
    return sorted(path.name for path in home.agents.rglob("*") if not path.is_dir())


def test_a_forgotten_session_leaves_nothing_but_its_event(database: Database, home: Home) -> None:
    """Its row and its files are gone, those of another stay, and the journal tells who did it."""
    other = TOKEN.replace("0", "1")
    for token in (TOKEN, other):
        name(database, token)
        keep(home, token)
    assert forgotten(database, home, TOKEN)
    assert left(home) == [f"{other}.lock", "events.jsonl"]
    with database.read() as transaction:
        assert [each.token for each in sessions.listing(transaction)] == [other]
        *_, event = journal.recent(transaction)
    assert (event.kind, event.actor) == ("session.destroyed", "person:ada")
    assert event.body == {"agent": "copilot", "session": TOKEN, "why": "asked for"}


def test_a_session_that_is_gone_already_is_no_error(database: Database, home: Home) -> None:
    """Whoever comes second is told that there was nothing left to do."""
    name(database, TOKEN)
    with database.read() as transaction:
        (session,) = sessions.of_token(transaction, TOKEN)
    assert forgotten(database, home, TOKEN)
    assert not forget(database, home, session, actor="upkeep", why="stale", now=NOON)


def test_a_session_in_use_stays_whole(database: Database, home: Home) -> None:
    """While an open task is going on in it, or will, it is refused."""
    name(database, TOKEN)
    folder = keep(home, TOKEN)
    with database.write() as transaction:
        tasks.insert(transaction, a_task(session=TOKEN), QUEUED, NOON)
    with pytest.raises(IllegalMove, match="is used by #1") as raised:
        forgotten(database, home, TOKEN)
    assert "deputize cancel 1" in (raised.value.hint or "")
    assert folder.is_dir()


@pytest.mark.parametrize("token", ["..", "../../mine", "/etc", ".session-operation-locks", "a/b"])
def test_what_an_agent_calls_its_session_leads_nowhere_else(
    database: Database, home: Home, token: str
) -> None:
    """A hostile name is forgotten, and no file is touched for it."""
    name(database, token)
    keep(home, TOKEN)
    mine = home.agents / "mine"
    mine.mkdir()
    (mine / "file").touch()
    before = left(home)
    assert forgotten(database, home, token)
    assert left(home) == before


def test_a_link_that_an_agent_has_put_there_is_not_followed(database: Database, home: Home) -> None:
    """Neither in the place of a session nor in that of all sessions."""
    mine = home.path / "mine"
    (mine / TOKEN).mkdir(parents=True)
    states = home.agents / "copilot" / "session-state"
    states.parent.mkdir(parents=True)
    states.symlink_to(mine)
    name(database, TOKEN)
    assert forgotten(database, home, TOKEN)
    assert (mine / TOKEN).is_dir()
    states.unlink()
    states.mkdir()
    (states / TOKEN).symlink_to(mine / TOKEN)
    name(database, TOKEN)
    assert forgotten(database, home, TOKEN)
    assert (mine / TOKEN).is_dir()
    assert not (states / TOKEN).is_symlink()


def test_a_thread_of_codex_is_forgotten_whatever_day_it_was(database: Database, home: Home) -> None:
    """Its rollout and what was told of its usage go; those of another thread stay."""
    folder = home.agents / "codex"
    day = folder / "sessions" / "2026" / "03" / "01"
    day.mkdir(parents=True)
    (folder / "told").mkdir()
    for token in (TOKEN, "another"):
        (day / f"rollout-2026-03-01T12-00-00-{token}.jsonl").touch()
        (folder / "told" / f"{token}.json").touch()
    with database.write() as transaction:
        sessions.begin(transaction, "codex", TOKEN, None, "host", NOON)
    assert forgotten(database, home, TOKEN)
    assert left(home) == ["another.json", "rollout-2026-03-01T12-00-00-another.jsonl"]
