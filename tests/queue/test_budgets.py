"""Budgets in the queue: added up as it is spent, and nothing more begins once it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from deputize import queue
from deputize.errors import LeaseLost
from deputize.model.approval import ApprovalState
from deputize.model.attempt import Usage
from deputize.model.barrier import BarrierKind, Cause
from deputize.model.budget import Account, Budgets, Ceiling, Scope, Spent
from deputize.model.event import Event
from deputize.model.limits import NO_LIMITS
from deputize.model.order import why_barred
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.rules import Rules
from deputize.model.states import TaskState
from deputize.queue import Claim, Ending
from deputize.store import approvals, barriers, plans, spending
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.yard import ADA

if TYPE_CHECKING:
    from deputize.model.approval import Approval
    from deputize.model.budget import Standing
    from tests.fixtures.yard import Yard

QUEUED, RUNNING, CANCELLED = TaskState.QUEUED, TaskState.RUNNING, TaskState.CANCELLED
TEN = Ceiling(tokens=10)
DAY = Account(Scope.DAY, "2026-03-01")


@pytest.fixture(autouse=True)
def plans_are_there(yard: Yard) -> None:
    """Submit plans p1 to p4, empty ones."""
    made = Plan(id=0, title="p", origin="file", key=None, key_digest=None, created_at=NOON)
    with yard.database.write() as transaction:
        for _ in range(4):
            plans.insert(transaction, made, Event(kind="plan.queued", actor=ADA), NOON)


def take(yard: Yard, budgets: Budgets) -> Claim | None:
    """Let `w1` ask for work."""
    return queue.claim(yard.database, a_worker(), yard.now, Rules(budgets=budgets))


def taken(yard: Yard, budgets: Budgets) -> Claim:
    """Let `w1` take the next task, which must be there."""
    claim = take(yard, budgets)
    assert claim is not None
    return claim


def use(yard: Yard, claim: Claim, tokens: int, budgets: Budgets) -> Standing | None:
    """Let an attempt tell that it has used that many tokens so far."""
    usage = Usage(input_tokens=tokens, cost_usd="0")
    return queue.spend(yard.database, claim.attempt, usage, budgets, yard.now)


def use_up(yard: Yard, claim: Claim, tokens: int, budgets: Budgets) -> Standing:
    """Let an attempt use up an account and park because of it."""
    spent = use(yard, claim, tokens, budgets)
    assert spent is not None
    yard.finish(claim, Outcome.PARKED, usage=Usage(input_tokens=tokens, cost_usd="0"), spent=spent)
    return spent


def spent_on(yard: Yard, account: Account) -> Spent:
    """Return what was spent on an account."""
    with yard.database.read() as transaction:
        return spending.get(transaction, account)[0]


def asked(yard: Yard) -> list[Approval]:
    """Return the open questions."""
    with yard.database.read() as transaction:
        return approvals.unanswered(transaction)


def grant(yard: Yard, budgets: Budgets) -> None:
    """Let Ada say yes to the first question."""
    with yard.database.write() as transaction:
        queue.grant(transaction, approvals.unanswered(transaction)[0], budgets, ADA, yard.now)


def refuse(yard: Yard) -> None:
    """Let Ada say no to the first question."""
    with yard.database.write() as transaction:
        question = approvals.unanswered(transaction)[0]
        queue.refuse(transaction, question, "too dear", ADA, yard.now)


def test_what_an_attempt_uses_is_added_up_once(yard: Yard) -> None:
    """Told while it runs, and again at its end; on each account."""
    yard.add(plan=4, provider="local")
    claim = taken(yard, Budgets())
    for tokens in (3, 3, 7):
        assert use(yard, claim, tokens, Budgets()) is None
    yard.finish(claim, usage=Usage(input_tokens=8, output_tokens=1, cost_usd="0.5"))
    nine = Spent(9, 500_000)
    assert spent_on(yard, DAY) == nine
    assert spent_on(yard, Account(Scope.TASK, "1")) == nine
    assert spent_on(yard, Account(Scope.PLAN, "4")) == nine
    assert spent_on(yard, Account(Scope.PROVIDER, "local", "2026-03-01")) == nine


def test_a_dead_workers_attempt_has_spent_what_it_told(yard: Yard) -> None:
    """Its rescue adds nothing, and its successor's counts start anew."""
    yard.add()
    claim = taken(yard, Budgets())
    use(yard, claim, 5, Budgets())
    yard.finish(claim, Outcome.WORKER_LOST, usage=Usage(input_tokens=5, cost_usd="0"))
    with pytest.raises(LeaseLost):
        use(yard, claim, 6, Budgets())
    again = taken(yard, Budgets())
    use(yard, again, 2, Budgets())
    assert spent_on(yard, DAY) == Spent(7)


def test_unpriced_tokens_are_told_apart(yard: Yard) -> None:
    """No price is not a price of nothing."""
    yard.add()
    yard.run(usage=Usage(input_tokens=4))
    assert spent_on(yard, DAY) == Spent(4, 0, 4)


def test_a_task_whose_budget_is_spent_asks_and_goes_on_with_a_yes(yard: Yard) -> None:
    """That is no failure and no try; the yes leaves a whole budget, whatever was spent beyond."""
    yard.add(budget_tokens=10)
    yard.add()
    use_up(yard, taken(yard, Budgets()), 12, Budgets())
    (question,) = asked(yard)
    assert (question.task, question.about, question.digest) == (1, "budget", "task//1")
    assert question.reason.startswith("the budget of #1 is spent: 12 of 10 tokens")
    assert (yard.task(1).state, yard.task(1).not_before) == (QUEUED, None)
    assert taken(yard, Budgets()).task.id == 2
    assert take(yard, Budgets()) is None
    grant(yard, Budgets())
    again = taken(yard, Budgets())
    assert (again.task.id, use(yard, again, 9, Budgets())) == (1, None)
    assert use(yard, again, 10, Budgets()) is not None


def test_a_no_cancels_the_task_for_that_reason(yard: Yard) -> None:
    """Nothing waits for money that doesn't come."""
    yard.add(budget_tokens=10)
    use_up(yard, taken(yard, Budgets()), 12, Budgets())
    refuse(yard)
    task = yard.task(1)
    assert (task.state, task.reason, task.message) == (CANCELLED, "budget_spent", "too dear")
    assert asked(yard) == []


def test_an_attempts_own_bound_holds_for_each_anew(yard: Yard) -> None:
    """What the first used is not the second's."""
    budgets = Budgets(attempt=TEN)
    yard.add()
    use_up(yard, taken(yard, budgets), 10, budgets)
    grant(yard, budgets)
    again = taken(yard, budgets)
    assert use(yard, again, 9, budgets) is None
    assert spent_on(yard, DAY) == Spent(19)


@pytest.mark.parametrize(
    ("budgets", "fields", "what"),
    [
        (Budgets(plan=TEN), {"plan": 3}, "plan"),
        (Budgets(day=TEN), {}, "all"),
        (Budgets(providers={"local": TEN}), {"provider": "local"}, "provider"),
        (Budgets(providers={"copilot": TEN}), {}, "agent"),
    ],
)
def test_what_is_shared_closes_for_all_who_share_it_and_asks_once(
    yard: Yard, budgets: Budgets, fields: dict[str, Any], what: str
) -> None:
    """However many run into it; a yes opens it again."""
    for _ in range(4):
        yard.add(**fields)
    first, second = taken(yard, budgets), taken(yard, budgets)
    use_up(yard, first, 10, budgets)
    use_up(yard, second, 2, budgets)
    with yard.database.read() as transaction:
        (closed,) = barriers.closed(transaction, yard.now)
    assert (closed.kind, closed.cause) == (what, "budget")
    assert len(asked(yard)) == 1
    assert take(yard, budgets) is None
    grant(yard, budgets)
    assert take(yard, budgets) is not None
    with yard.database.read() as transaction:
        assert barriers.closed(transaction, yard.now) == []


def test_a_days_budget_comes_back_with_the_next_day(yard: Yard) -> None:
    """Its question is withdrawn, for it is over."""
    budgets = Budgets(day=TEN)
    yard.add()
    use_up(yard, taken(yard, budgets), 10, budgets)
    assert queue.withdraw_over(yard.database, yard.now) == 0
    yard.pass_time(timedelta(hours=12).total_seconds())
    assert queue.withdraw_over(yard.database, yard.now) == 1
    assert asked(yard) == []
    assert take(yard, budgets) is not None


def test_a_plan_that_gets_no_more_is_cancelled(yard: Yard) -> None:
    """All that waits in it, and nothing else."""
    budgets = Budgets(plan=TEN)
    for _ in range(3):
        yard.add(plan=3)
    yard.add(1, plan=3)
    yard.add()
    use_up(yard, taken(yard, budgets), 10, budgets)
    refuse(yard)
    assert yard.states() == [CANCELLED] * 4 + [QUEUED]
    assert taken(yard, budgets).task.id == 5


def test_what_is_spent_before_it_begins_begins_nothing(yard: Yard) -> None:
    """A task that is set going again, or a budget that was lowered meanwhile, asks first."""
    yard.add()
    yard.run(usage=Usage(input_tokens=50, cost_usd="0"))
    yard.add(plan=3)
    budgets = Budgets(day=TEN)
    assert take(yard, budgets) is None
    assert [question.digest for question in asked(yard)] == ["day//2026-03-01"]
    grant(yard, budgets)
    assert use(yard, taken(yard, budgets), 9, budgets) is None


def test_what_is_promised_to_those_that_run_starts_nobody_else(yard: Yard) -> None:
    """Other plans go on meanwhile, and the rest is free once the first has ended."""
    budgets = Budgets(attempt=Ceiling(tokens=6), plan=TEN)
    for plan in (3, 3, 4):
        yard.add(plan=plan)
    first = taken(yard, budgets)
    assert (first.task.id, taken(yard, budgets).task.id) == (1, 3)
    assert take(yard, budgets) is None
    use(yard, first, 5, budgets)
    assert take(yard, budgets) is None
    yard.finish(first, usage=Usage(input_tokens=5, cost_usd="0"))
    assert taken(yard, budgets).task.id == 2


def test_what_an_agent_delegates_is_paid_by_the_task_that_began_it(yard: Yard) -> None:
    """Their spending together reaches its budget."""
    yard.add(budget_tokens=10)
    yard.add(root=1)
    parent, child = taken(yard, Budgets()), taken(yard, Budgets())
    assert use(yard, parent, 6, Budgets()) is None
    spent = use(yard, child, 5, Budgets())
    assert spent is not None
    assert spent.account == Account(Scope.TASK, "1")


def test_a_yes_that_came_while_an_attempt_parked_counts_for_it(yard: Yard) -> None:
    """It asks no second time."""
    budgets = Budgets(plan=TEN)
    for _ in range(2):
        yard.add(plan=3)
    first, second = taken(yard, budgets), taken(yard, budgets)
    use_up(yard, first, 10, budgets)
    spent = use(yard, second, 1, budgets)
    grant(yard, budgets)
    ending = Ending(outcome=Outcome.PARKED, spent=spent)
    queue.finish(yard.database, second.attempt, ending, yard.now)
    assert asked(yard) == []
    assert take(yard, budgets) is not None


def test_budgets_cost_nothing_where_there_are_none(yard: Yard) -> None:
    """Attempts that use nothing leave no account behind."""
    yard.add()
    yard.run()
    with yard.database.read() as transaction:
        assert spending.of_day(transaction, yard.now.date()) == []


def test_what_comes_behind_a_task_that_is_refused_is_taken(yard: Yard) -> None:
    """One that can't begin, though nobody is asked about it, is asked about anew."""
    yard.add(budget_tokens=10)
    yard.add()
    use_up(yard, taken(yard, Budgets()), 30, Budgets())
    with yard.database.write() as transaction:
        question, state = approvals.unanswered(transaction)[0], ApprovalState.WITHDRAWN
        approvals.answer(transaction, question, state, by=ADA, words=None, now=yard.now)
    assert taken(yard, Budgets()).task.id == 2
    assert [question.digest for question in asked(yard)] == ["task//1"]


def test_who_waits_for_money_that_was_refused_is_told_so(yard: Yard) -> None:
    """No question is open that it could wait for; one is asked anew where a person lets go on."""
    budgets = Budgets(day=TEN)
    yard.add()
    yard.add()
    first, second = taken(yard, budgets), taken(yard, budgets)
    use_up(yard, first, 10, budgets)
    refuse(yard)
    with yard.database.write() as transaction:
        for question in approvals.unanswered(transaction):
            state = ApprovalState.DENIED
            approvals.answer(transaction, question, state, by=ADA, words=None, now=yard.now)
    use_up(yard, second, 0, budgets)
    assert asked(yard) == []
    with yard.database.read() as transaction:
        closed = barriers.closed(transaction, yard.now)
    why = why_barred(yard.task(1), (), NO_LIMITS, closed)
    assert why is not None
    assert why.startswith("another day: the budget of the day 2026-03-01 is spent: 10 of 10 tokens")
    assert why.endswith("(`deputize resume` asks again)")
    with yard.database.write() as transaction:
        assert barriers.reopen(transaction, BarrierKind.ALL, "", Cause.BUDGET, by=ADA, now=yard.now)
    assert take(yard, budgets) is None
    assert len(asked(yard)) == 1


@pytest.mark.parametrize(
    ("budgets", "raised", "fields"),
    [
        (Budgets(plan=TEN), Budgets(plan=Ceiling(tokens=99)), {"plan": 3}),
        (Budgets(day=TEN), Budgets(day=Ceiling(tokens=99)), {}),
        (
            Budgets(providers={"local": TEN}),
            Budgets(providers={"local": Ceiling(tokens=99)}),
            {"provider": "local"},
        ),
    ],
)
def test_a_budget_that_is_raised_in_the_settings_opens_what_it_closed(
    yard: Yard, budgets: Budgets, raised: Budgets, fields: dict[str, Any]
) -> None:
    """Its question needs no answer any more; one that says nothing here opens nothing."""
    for _ in range(2):
        yard.add(**fields)
    use_up(yard, taken(yard, budgets), 10, budgets)
    assert (take(yard, budgets), take(yard, Budgets())) == (None, None)
    assert len(asked(yard)) == 1
    assert take(yard, raised) is not None
    assert asked(yard) == []
