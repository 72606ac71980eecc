"""What the migrations made is there, or is named and made anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.doctor import Finding, Level, examine
from deputize.store import tasks
from tests.fixtures.nouns import NOON, QUEUED, a_task

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.desk.context import Desk
    from tests.fixtures.databases import Intruder


def found(home: Home, *, fix: bool = False) -> list[Finding]:
    """Return what the check-up finds about the schema."""
    return [one for one in examine(home, fix=fix) if one.about == "schema"]


def test_what_was_taken_away_is_named_and_mended(home: Home, intruder: Intruder) -> None:
    """An index is a warning, what keeps wrong rows out a failure; the fix leaves neither."""
    assert [one.level for one in found(home)] == [Level.OK]
    intruder.run("DROP INDEX tasks_open")
    intruder.run("DROP INDEX tasks_locked")
    levels = {one.text.split(" is gone")[0]: one.level for one in found(home)}
    assert levels == {"the index tasks_open": Level.WARN, "tasks_locked": Level.FAIL}
    assert all("doctor --fix" in str(one.hint) for one in found(home))
    assert [one.level for one in found(home, fix=True)] == [Level.FIXED, Level.FIXED]
    assert [one.level for one in found(home)] == [Level.OK]


def test_what_cant_be_mended_stays_as_it_is(home: Home, desk: Desk, intruder: Intruder) -> None:
    """Rows that the lost index would have kept out keep it from being made; that is said."""
    intruder.run("DROP INDEX tasks_by_key")
    with desk.database.write() as transaction:
        for _ in range(2):
            tasks.insert(transaction, a_task(key="one", key_digest="d"), QUEUED, NOON)
    (one,) = found(home, fix=True)
    assert (one.level, "tasks_by_key is gone" in one.text) == (Level.FAIL, True)
    assert "refused" in one.text


def test_a_migration_that_is_not_on_record_fails(home: Home, intruder: Intruder) -> None:
    """Nobody knows what such a database has: no fix is offered."""
    intruder.run("DELETE FROM migrations WHERE number = 2")
    (one,) = found(home)
    assert (one.level, one.mend, "0002_order" in one.text) == (Level.FAIL, None, True)
