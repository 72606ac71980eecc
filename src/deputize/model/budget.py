"""Budgets: what may be spent, on what account, and how an account stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - read at run time, to check files
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deputize.model.attempt import Usage
    from deputize.model.task import Task

MICRO = 1_000_000
"""Millionths of a dollar, in which money is counted: sums of them are exact everywhere."""
MOST_MICRODOLLARS = 10**15
"""What is dearer counts as this: the sum of many such is still a number that a store can keep."""


class Ceiling(NamedTuple):
    """The most that may be spent; None is no bound."""

    tokens: int | None = None
    usd: float | None = None

    @property
    def is_set(self) -> bool:
        """Tell whether anything is bounded."""
        return self.tokens is not None or self.usd is not None

    @property
    def microdollars(self) -> int | None:
        """Return the money as it is counted."""
        return None if self.usd is None else round(self.usd * MICRO)


NO_CEILING = Ceiling()
_NONE: Mapping[str, Ceiling] = MappingProxyType({})


class Budgets(NamedTuple):
    """The `[budget]` table. A day is one of UTC, so that all workers of a store mean the same."""

    attempt: Ceiling = NO_CEILING
    task: Ceiling = NO_CEILING
    """With all its attempts, and the tasks that its agent delegates; a task's own goes before."""
    plan: Ceiling = NO_CEILING
    day: Ceiling = NO_CEILING
    providers: Mapping[str, Ceiling] = _NONE
    """For a day, by provider; by agent where it works with a login of its own."""

    @property
    def is_set(self) -> bool:
        """Tell whether anything is bounded."""
        named = (self.attempt, self.task, self.plan, self.day, *self.providers.values())
        return any(ceiling.is_set for ceiling in named)

    def of_day(self, account: Account) -> Ceiling:
        """Return what may be spent on the account of a day: of all, a provider or an agent."""
        named = self.providers.get(account.name, NO_CEILING)
        return self.day if account.scope is Scope.DAY else named


NO_BUDGETS = Budgets()


class Spent(NamedTuple):
    """What was spent. Tokens are those that went in and came out."""

    tokens: int = 0
    microdollars: int = 0
    unpriced_tokens: int = 0
    """How many of the tokens have a price that nobody knows: they are not worth nothing."""

    def plus(self, other: Spent) -> Spent:
        """Add what else was spent."""
        return Spent._make(map(sum, zip(self, other, strict=True)))


class Scope(StrEnum):
    """What an account is kept for."""

    ATTEMPT = "attempt"
    TASK = "task"
    PLAN = "plan"
    DAY = "day"
    PROVIDER = "provider"
    AGENT = "agent"


class Account(NamedTuple):
    """Where spending is added up."""

    scope: Scope
    name: str
    day: str = ""

    @property
    def label(self) -> str:
        """Name it for people."""
        match self.scope:
            case Scope.ATTEMPT:
                return "one attempt"
            case Scope.TASK:
                return f"#{self.name}"
            case Scope.PLAN:
                return f"plan p{self.name}"
            case Scope.DAY:
                return f"the day {self.name}"
            case _:
                return f"{self.scope} {self.name} on {self.day}"

    @property
    def word(self) -> str:
        """Return what a question about it is recognised by."""
        return f"{self.scope}/{self.day}/{self.name}"


def account_of(word: str) -> Account:
    """Return the account that a question is about."""
    scope, day, name = word.split("/", 2)
    return Account(Scope(scope), name, day)


class Standing(NamedTuple):
    """How an account stands."""

    account: Account
    spent: Spent
    ceiling: Ceiling
    """As the settings, or the task, have it."""
    granted: Spent = Spent()
    """What a person has allowed besides."""

    @property
    def token_room(self) -> int | None:
        """Return how many tokens are left, at least none; None where they aren't bounded."""
        if self.ceiling.tokens is None:
            return None
        return max(0, self.ceiling.tokens + self.granted.tokens - self.spent.tokens)

    @property
    def money_room(self) -> int | None:
        """Return how many millionths of a dollar are left; None where they aren't bounded."""
        if self.ceiling.microdollars is None:
            return None
        most = self.ceiling.microdollars + self.granted.microdollars
        return max(0, most - self.spent.microdollars)

    @property
    def is_spent(self) -> bool:
        """Tell whether nothing is left of something."""
        return 0 in {self.token_room, self.money_room}

    @property
    def told(self) -> str:
        """Say what is spent of what."""
        parts = []
        if self.ceiling.tokens is not None:
            most = self.ceiling.tokens + self.granted.tokens
            parts.append(f"{self.spent.tokens:,} of {most:,} tokens")
        if self.ceiling.microdollars is not None:
            most = self.ceiling.microdollars + self.granted.microdollars
            unpriced = f" ({self.spent.unpriced_tokens:,} tokens are unpriced)"
            parts.append(
                f"{in_dollars(self.spent.microdollars)} of {in_dollars(most)} USD"
                + (unpriced if self.spent.unpriced_tokens else "")
            )
        return " and ".join(parts)


Server = tuple[Scope, str]
"""A provider, or an agent with a login of its own."""


class Held(NamedTuple):
    """What a running attempt has been promised and has not spent yet."""

    accounts: tuple[Account, ...]
    tokens: int
    microdollars: int


def as_much_again(spent: Spent, granted: Spent, ceiling: Ceiling) -> Spent:
    """Return what a person grants with a yes: a whole budget beyond what is spent by now."""

    def more(most: int | None, used: int, allowed: int) -> int:
        return 0 if most is None else most + max(0, used - most - allowed)

    return Spent(
        more(ceiling.tokens, spent.tokens, granted.tokens),
        more(ceiling.microdollars, spent.microdollars, granted.microdollars),
    )


def accounts_of(task: Task, server: Server, day: date) -> tuple[Account, ...]:
    """Return the accounts on which a task spends on a day, the narrowest first."""
    today = day.isoformat()
    found = [Account(Scope.TASK, str(task.root or task.id))]
    if task.plan is not None:
        found.append(Account(Scope.PLAN, str(task.plan)))
    return (*found, Account(*server, today), Account(Scope.DAY, today))


def server_of(agent: str, provider: str | None) -> Server:
    """Return who serves an agent: a provider, or whom it has a login of its own with."""
    return (Scope.PROVIDER, provider) if provider else (Scope.AGENT, agent)


def ceiling_of(account: Account, budgets: Budgets, root: Task) -> Ceiling:
    """Return what may be spent on an account; `root` is the task that stands for its children."""
    match account.scope:
        case Scope.ATTEMPT:
            return budgets.attempt
        case Scope.TASK:
            own = Ceiling(root.budget_tokens, root.budget_usd)
            return Ceiling(
                budgets.task.tokens if own.tokens is None else own.tokens,
                budgets.task.usd if own.usd is None else own.usd,
            )
        case Scope.PLAN:
            return budgets.plan
        case _:
            return budgets.of_day(account)


def spent_of(usage: Usage) -> Spent:
    """Return what a usage comes to; without a price, its tokens count as unpriced."""
    tokens = usage.input_tokens + usage.output_tokens
    money = microdollars_of(usage.cost_usd)
    if money is None:
        return Spent(tokens, 0, tokens)
    return Spent(tokens, money)


def since(before: Usage, after: Usage) -> Spent:
    """Return what was spent between two looks at the same attempt; less is nothing."""
    first, second = spent_of(before), spent_of(after)
    tokens = max(0, second.tokens - first.tokens)
    money = max(0, second.microdollars - first.microdollars)
    return Spent(tokens, money, tokens if after.cost_usd is None else 0)


def microdollars_of(cost: str | None) -> int | None:
    """Read decimal dollars; None where they aren't known."""
    from decimal import Decimal, InvalidOperation

    try:
        if cost is None:
            return None
        return min(int((Decimal(cost) * MICRO).to_integral_value()), MOST_MICRODOLLARS)
    except (InvalidOperation, OverflowError, ValueError):
        return None


def in_dollars(microdollars: int) -> str:
    """Write money for people: two digits, or as many as it takes where it is less than a cent."""
    if 0 < microdollars < MICRO // 100:
        return f"{microdollars / MICRO:.6f}".rstrip("0")
    return f"{microdollars / MICRO:.2f}"


def promise(attempt: Ceiling, standings: Iterable[Standing]) -> Ceiling:
    """Return the most that an attempt may come to: its own bound, and what its task has left."""
    tokens = [attempt.tokens]
    money = [attempt.microdollars]
    for standing in standings:
        if standing.account.scope is Scope.TASK:
            tokens.append(standing.token_room)
            money.append(standing.money_room)
    least_money = min((amount for amount in money if amount is not None), default=None)
    return Ceiling(
        min((count for count in tokens if count is not None), default=None),
        None if least_money is None else least_money / MICRO,
    )


def is_promised_away(standing: Standing, wanted: Ceiling, held: Iterable[Held]) -> bool:
    """Tell whether what runs may still take what an attempt wants of an account.

    Where nothing runs that was promised a part of it, an attempt gets what is left.
    """
    others = [one for one in held if standing.account in one.accounts]
    if not others:
        return False
    tokens = sum(one.tokens for one in others)
    money = sum(one.microdollars for one in others)
    short = (
        (standing.token_room, tokens, wanted.tokens or 0),
        (standing.money_room, money, wanted.microdollars or 0),
    )
    return any(room is not None and room < taken + more for room, taken, more in short)
