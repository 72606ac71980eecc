"""What checks of agents found is kept for each version, on each machine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.model.agent_check import Canary
from deputize.store import agent_checks
from tests.fixtures.nouns import NOON, an_agent_check

if TYPE_CHECKING:
    from deputize.model.agent_check import AgentCheck
    from deputize.store.database import Database
    from tests.fixtures.databases import Intruder


def keep(database: Database, *checks: AgentCheck) -> None:
    """Write checks down, one after the other."""
    for check in checks:
        with database.write() as transaction:
            agent_checks.insert(transaction, check, NOON + timedelta(seconds=1))


def test_the_newest_check_of_a_version_is_read_back_whole(database: Database) -> None:
    """Another version's, or another machine's, is not taken for it."""
    first, second = an_agent_check(Canary.HELD), an_agent_check(Canary.UNSEEN)
    keep(database, first, second, an_agent_check(version="2.0"), an_agent_check(host="elsewhere"))
    with database.read() as transaction:
        found = agent_checks.latest(transaction, "mine", "1.0", "h")
        assert found is not None
        assert (found.canary, list(found.steps)) == (Canary.UNSEEN, list(second.steps))
        assert (found.checked_at, found.version) == (NOON, "1.0")
        assert agent_checks.latest(transaction, "mine", None, "h") is None


@pytest.mark.parametrize(
    ("checks", "version", "host", "canary"),
    [
        ((an_agent_check(Canary.FAILED), an_agent_check()), "1.0", "h", Canary.FAILED),
        ((an_agent_check(Canary.FAILED), an_agent_check(Canary.HELD)), "1.0", "h", Canary.HELD),
        ((an_agent_check(Canary.FAILED),), "1.0", "elsewhere", Canary.FAILED),
        ((an_agent_check(Canary.FAILED),), "2.0", "h", None),
        ((an_agent_check(Canary.FAILED, version=None),), None, "h", Canary.FAILED),
        ((an_agent_check(Canary.FAILED, version=None),), None, "elsewhere", None),
    ],
)
def test_a_canary_counts_for_its_version(
    database: Database,
    checks: tuple[AgentCheck, ...],
    version: str | None,
    host: str,
    canary: Canary | None,
) -> None:
    """A later check without a verdict lifts none; an unknown version is known here only."""
    keep(database, *checks)
    with database.read() as transaction:
        assert agent_checks.canary_of(transaction, "mine", version, host) is canary
        assert agent_checks.has_failed(transaction, "mine")
        assert not agent_checks.has_failed(transaction, "another")


def test_a_check_is_told_in_the_journal(database: Database, intruder: Intruder) -> None:
    """With its steps and its canary, and who asked for it."""
    keep(database, an_agent_check(Canary.HELD))
    ((kind, actor, body),) = intruder.run(
        "SELECT kind, actor, body FROM events WHERE kind LIKE 'agent.%'"
    )
    assert (kind, actor) == ("agent.checked", "person:ada")
    assert '"canary":"held"' in str(body)
    assert '"steps":{"config":"ok"}' in str(body)


def test_the_database_refuses_another_verdict(intruder: Intruder) -> None:
    """A canary is held, failed or unseen, or there is none."""
    columns = "agent, kind, version, host, login, canary, steps, checked_at, milliseconds"
    with pytest.raises(intruder.refusal):
        intruder.run(
            f'INSERT INTO agent_checks ({columns}, "by")'  # noqa: S608 - the test's own columns
            " VALUES ('a', 'acp', '', 'h', '', 'maybe', '[]', 'x', 1, 'x')"
        )
