"""Agents that take over from one another while a limit holds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from deputize import queue
from deputize.config.settings import Config, RoleSettings
from deputize.model.attempt import Usage
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.model.budget import Account, Scope, Spent
from deputize.model.fallback import Substitute
from deputize.model.limits import Limits
from deputize.model.outcome import Outcome
from deputize.model.rules import Rules
from deputize.store import barriers, journal, spending
from tests.fixtures.nouns import NOON, a_worker

if TYPE_CHECKING:
    from deputize.queue import Claim
    from tests.fixtures.yard import Yard

COPILOT, CODEX = Substitute("copilot", None), Substitute("codex", "openai")
RULES = Rules(fallback=(COPILOT, CODEX))
RESET = NOON + timedelta(hours=1)


def take(yard: Yard, rules: Rules = RULES) -> Claim | None:
    """Let `w1` ask for work."""
    return queue.claim(yard.database, a_worker(), yard.now, rules)


def taken(yard: Yard, rules: Rules = RULES) -> Claim:
    """Let `w1` take the next task, which must be there."""
    claim = take(yard, rules)
    assert claim is not None
    return claim


def run_dry(yard: Yard, claim: Claim) -> None:
    """Let an attempt meet its agent's limit, from which another may take over."""
    yard.finish(claim, Outcome.RATE_LIMITED, retry_at=RESET, movable=True, session="own")


def close(yard: Yard, kind: BarrierKind, name: str, cause: Cause) -> None:
    """Close something."""
    until = RESET if cause is Cause.LIMIT else None
    barrier = Barrier(kind=kind, name=name, cause=cause, since=NOON, until=until, by="queue")
    with yard.database.write() as transaction:
        barriers.close(transaction, barrier, NOON)


def test_another_agent_takes_over_until_the_limit_ends(yard: Yard) -> None:
    """The task stays its own agent's: that goes on with it, in its session, once it can."""
    yard.add(model="gpt", session="s0")
    run_dry(yard, taken(yard))
    other = taken(yard)
    assert (other.task.agent, other.task.provider) == ("codex", "openai")
    assert (other.attempt.agent, other.attempt.provider) == ("codex", "openai")
    assert (other.task.model, other.task.session, other.attempt.session) == (None, None, None)
    stored = yard.task(1)
    assert (stored.agent, stored.model, stored.session) == ("copilot", "gpt", "own")
    yard.finish(other, Outcome.WORKER_LOST, session="theirs")
    assert yard.task(1).session == "own"
    yard.pass_time(3601)
    again = taken(yard)
    assert (again.task.agent, again.task.model, again.attempt.session) == ("copilot", "gpt", "own")


def test_the_trail_says_who_took_over(yard: Yard) -> None:
    """And instead of whom."""
    yard.add()
    close(yard, BarrierKind.AGENT, "copilot", Cause.LIMIT)
    taken(yard)
    with yard.database.read() as transaction:
        body = journal.of_task(transaction, 1)[-1].body
    assert (body["agent"], body["instead_of"]) == ("codex", "copilot")


def test_where_all_are_dry_the_task_waits_without_using_up_tries(yard: Yard) -> None:
    """The limit that the other one met is that one's: its provider's."""
    yard.add()
    run_dry(yard, taken(yard))
    run_dry(yard, taken(yard))
    assert take(yard) is None
    with yard.database.read() as transaction:
        closed = {(one.kind, one.name) for one in barriers.closed(transaction, yard.now)}
    assert closed == {("agent", "copilot"), ("provider", "openai")}
    yard.pass_time(3601)
    assert taken(yard).attempt.number == 3


def test_only_agents_of_the_list_take_over_and_are_relieved(yard: Yard) -> None:
    """A task of another agent waits for its own."""
    yard.add(agent="goose")
    close(yard, BarrierKind.AGENT, "goose", Cause.LIMIT)
    assert take(yard) is None
    assert take(yard, Rules(fallback=(Substitute("goose", None), CODEX))) is not None


def test_one_that_can_not_be_held_to_a_role_s_tools_does_not_take_it(yard: Yard) -> None:
    """The task waits for its own agent rather than be done by one that nobody can hold."""
    rules = Config(
        fallback=("copilot", "goose"), roles={"reader": RoleSettings(tools=("read",))}
    ).rules
    yard.add(role="reader")
    yard.add()
    close(yard, BarrierKind.AGENT, "copilot", Cause.LIMIT)
    claim = take(yard, rules)
    assert claim is not None
    assert (claim.task.role, claim.attempt.agent) == ("writer", "goose")
    assert take(yard, rules) is None


def test_what_a_person_paused_is_no_limit(yard: Yard) -> None:
    """Nobody takes over from a paused agent, and a paused one takes over from nobody."""
    yard.add()
    close(yard, BarrierKind.AGENT, "copilot", Cause.PERSON)
    assert take(yard) is None
    yard.add(agent="codex", provider="openai")
    close(yard, BarrierKind.PROVIDER, "openai", Cause.LIMIT)
    assert take(yard) is None


def test_one_that_has_enough_to_do_takes_over_nothing(yard: Yard) -> None:
    """Limits of what runs at once hold for whoever does it."""
    rules = RULES._replace(limits=Limits(agents={"codex": 1}))
    for _ in range(2):
        yard.add()
    close(yard, BarrierKind.AGENT, "copilot", Cause.LIMIT)
    taken(yard, rules)
    assert take(yard, rules) is None


def test_one_that_does_not_take_the_role_is_passed_over_and_so_is_the_task(yard: Yard) -> None:
    """What comes behind is not held up by it."""
    rules = Rules(fallback=(COPILOT, CODEX._replace(roles=("inspector",))))
    yard.add()
    yard.add(role="inspector")
    close(yard, BarrierKind.AGENT, "copilot", Cause.LIMIT)
    assert taken(yard, rules).task.id == 2
    assert take(yard, rules) is None


def test_who_took_over_spends_on_its_own_providers_account(yard: Yard) -> None:
    """The one that was asked for is not charged."""
    yard.add()
    close(yard, BarrierKind.AGENT, "copilot", Cause.LIMIT)
    yard.finish(taken(yard), usage=Usage(input_tokens=3, cost_usd="0"))
    with yard.database.read() as transaction:
        of_day = dict(spending.of_day(transaction, NOON.date()))
    assert of_day == {
        Account(Scope.DAY, "2026-03-01"): Spent(3),
        Account(Scope.PROVIDER, "openai", "2026-03-01"): Spent(3),
    }


def test_without_a_list_a_limit_is_waited_for(yard: Yard) -> None:
    """As it always was."""
    yard.add()
    yard.finish(taken(yard, Rules()), Outcome.RATE_LIMITED, retry_at=RESET)
    assert (yard.task(1).not_before, take(yard, Rules())) == (RESET, None)
