"""Budgets: what counts on which account, and what is left of it."""

from __future__ import annotations

from datetime import date

import pytest

from deputize.model.attempt import Usage
from deputize.model.budget import (
    Account,
    Budgets,
    Ceiling,
    Held,
    Scope,
    Spent,
    Standing,
    account_of,
    accounts_of,
    ceiling_of,
    in_dollars,
    is_promised_away,
    promise,
    server_of,
    since,
    spent_of,
)
from deputize.model.price import KnownModel, priced
from tests.fixtures.nouns import a_task

DAY = date(2026, 3, 1)
TODAY = Account(Scope.DAY, "2026-03-01")
ALL = Budgets(
    attempt=Ceiling(tokens=10), task=Ceiling(tokens=100, usd=1.0), plan=Ceiling(usd=5.0),
    day=Ceiling(usd=9.0), providers={"local": Ceiling(tokens=7), "copilot": Ceiling(usd=3.0)},
)  # fmt: skip


def words(**changed: object) -> list[str]:
    """Return the accounts of a task by agent `copilot`."""
    task = a_task(**changed)
    return [account.word for account in accounts_of(task, server_of("copilot", task.provider), DAY)]


def test_a_task_spends_on_its_own_account_its_plans_its_servers_and_the_days() -> None:
    """What it delegates is on the account of the task that began it all."""
    assert words(id=3) == ["task//3", "agent/2026-03-01/copilot", "day//2026-03-01"]
    assert words(id=3, root=1, plan=2, provider="local") == [
        "task//1", "plan//2", "provider/2026-03-01/local", "day//2026-03-01",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["12", "a/b", "ü /x"])
def test_a_question_names_its_account(name: str) -> None:
    """Whatever a provider is called."""
    account = Account(Scope.PROVIDER, name, "2026-03-01")
    assert account_of(account.word) == account


def test_a_tasks_own_budget_goes_before_the_settings() -> None:
    """Each of tokens and dollars by itself."""
    task = a_task(budget_tokens=5)
    ceilings = [
        ceiling_of(account, ALL, task)
        for account in accounts_of(task, server_of("copilot", None), DAY)
    ]
    assert ceilings == [Ceiling(5, 1.0), Ceiling(usd=3.0), Ceiling(usd=9.0)]
    unknown = Account(Scope.PROVIDER, "other", "2026-03-01")
    assert not ceiling_of(unknown, ALL, task).is_set


def test_tokens_without_a_price_are_not_worth_nothing() -> None:
    """They are counted apart."""
    assert spent_of(Usage(input_tokens=3, output_tokens=4)) == Spent(7, 0, 7)
    assert spent_of(Usage(input_tokens=3, cost_usd="0.25")) == Spent(3, 250_000, 0)
    assert spent_of(Usage(input_tokens=3, cost_usd="much")) == Spent(3, 0, 3)


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (Usage(), Usage(input_tokens=5, cost_usd="0.1"), Spent(5, 100_000, 0)),
        (Usage(input_tokens=5, cost_usd="0.1"), Usage(input_tokens=8, cost_usd="0.3"),
         Spent(3, 200_000, 0)),
        (Usage(input_tokens=5, cost_usd="0.1"), Usage(input_tokens=8), Spent(3, 0, 3)),
        (Usage(input_tokens=5), Usage(input_tokens=5), Spent()),
        (Usage(input_tokens=5, cost_usd="0.1"), Usage(), Spent()),
    ],
)  # fmt: skip
def test_only_what_came_since_is_added(before: Usage, after: Usage, more: Spent) -> None:
    """Counts that go up within an attempt are not added twice, and nothing is given back."""
    assert since(before, after) == more


def test_what_is_granted_counts_besides() -> None:
    """An account is spent where either bound is reached."""
    full = Standing(TODAY, Spent(10, 500_000), Ceiling(tokens=10, usd=1.0))
    assert (full.token_room, full.money_room, full.is_spent) == (0, 500_000, True)
    more = full._replace(granted=Spent(10))
    assert (more.token_room, more.is_spent) == (10, False)
    assert not Standing(TODAY, Spent(10**9, 10**9), Ceiling()).is_spent
    assert full.told == "10 of 10 tokens and 0.50 of 1.00 USD"
    assert "(4 tokens are unpriced)" in full._replace(spent=Spent(10, 5, 4)).told


def test_an_attempt_is_promised_the_least_that_bounds_it() -> None:
    """Its own bound, or what its task has left."""
    task = Standing(Account(Scope.TASK, "1"), Spent(95, 400_000), Ceiling(100, 1.0))
    assert promise(Ceiling(tokens=10), [task]) == Ceiling(5, 0.6)
    assert promise(Ceiling(tokens=3), [task]) == Ceiling(3, 0.6)
    assert not promise(Ceiling(), [Standing(TODAY, Spent(), Ceiling(tokens=5))]).is_set


def test_what_is_promised_to_one_is_not_promised_to_another() -> None:
    """But where nothing of it is promised, the rest may be used up."""
    day = Standing(TODAY, Spent(60), Ceiling(tokens=100))
    mine, other = Held((TODAY,), 30, 0), Held((Account(Scope.PLAN, "1"),), 90, 0)
    assert is_promised_away(day, Ceiling(tokens=20), [mine])
    assert not is_promised_away(day, Ceiling(tokens=10), [mine])
    assert not is_promised_away(day, Ceiling(tokens=90), [other])
    assert not is_promised_away(day, Ceiling(tokens=90), [])
    money = Standing(TODAY, Spent(0, 500_000), Ceiling(usd=1.0))
    assert is_promised_away(money, Ceiling(usd=0.3), [Held((TODAY,), 0, 300_000)])


def test_money_is_written_so_that_little_of_it_is_still_seen() -> None:
    """Two digits, more where it is less than a cent."""
    assert [in_dollars(some) for some in (0, 1_500, 10_000, 12_345_678)] == [
        "0.00", "0.0015", "0.01", "12.35",
    ]  # fmt: skip


PRICES = (
    KnownModel("small-*", input_usd=1.0, output_usd=2.0, cached_usd=0.1),
    KnownModel("*", input_usd=10.0, output_usd=20.0),
)


def cost(usage: Usage, model: str | None = "small-1") -> str | None:
    """Return the cost that a usage has once it is priced."""
    return priced(usage, model, (), PRICES).cost_usd


def test_the_first_price_that_fits_is_taken() -> None:
    """What an agent tells itself stays; without a model there is no price."""
    million = Usage(input_tokens=1_000_000, output_tokens=500_000)
    assert (cost(million), cost(million, "large")) == ("2", "20")
    assert cost(Usage(input_tokens=1, cost_usd="0.5")) == "0.5"
    assert cost(million, None) is None
    assert priced(million, "x", (), PRICES[:1]).cost_usd is None


def test_what_came_from_a_cache_has_a_price_of_its_own() -> None:
    """Whether it is counted among what went in, or beside it."""
    among = Usage(input_tokens=1_000_000, cached_tokens=400_000)
    beside = Usage(input_tokens=100_000, cached_tokens=1_000_000)
    assert (cost(among), cost(beside)) == ("0.64", "0.2")
    assert cost(among, "large") == "10"


def test_a_cost_beyond_all_measure_is_still_a_number_that_a_store_keeps() -> None:
    """Even many of them together."""
    spent = spent_of(Usage(input_tokens=1, cost_usd="1e30"))
    assert 10**12 < spent.microdollars * 1000 < 2**63
