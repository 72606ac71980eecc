"""Accounts: what was spent, what was granted besides, and what is promised to those that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.attempt import Usage
from deputize.model.budget import Account, Held, Scope, Spent, accounts_of, server_of, spent_of
from deputize.store import tasks
from deputize.store.rows import maybe, maybe_number, number, text, to_word

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from deputize.model.budget import Ceiling
    from deputize.store.database import Row, Transaction


def add(transaction: Transaction, accounts: Iterable[Account], spent: Spent) -> None:
    """Add what was spent to each account, in one order for everybody."""
    for account in sorted(accounts):
        transaction.tell(
            "spending.add",
            scope=account.scope,
            name=account.name,
            day=account.day,
            tokens=spent.tokens,
            microdollars=spent.microdollars,
            unpriced_tokens=spent.unpriced_tokens,
        )


def grant(transaction: Transaction, account: Account, more: Spent) -> None:
    """Allow more to be spent on an account than its budget."""
    transaction.tell(
        "spending.grant",
        scope=account.scope,
        name=account.name,
        day=account.day,
        tokens=more.tokens,
        microdollars=more.microdollars,
    )


def get(transaction: Transaction, account: Account) -> tuple[Spent, Spent]:
    """Return what was spent on an account, and what was granted besides its budget."""
    row = transaction.one("spending.get", scope=account.scope, name=account.name, day=account.day)
    if row is None:
        return Spent(), Spent()
    granted = Spent(number(row, "granted_tokens"), number(row, "granted_microdollars"))
    return _spent(row), granted


def of_day(transaction: Transaction, day: date) -> list[tuple[Account, Spent]]:
    """Return what was spent on a day: all together, and with each provider and agent."""
    return [
        (Account(to_word(Scope, row["scope"]), text(row, "name"), text(row, "day")), _spent(row))
        for row in transaction.all("spending.of_day", day=day.isoformat())
    ]


def _spent(row: Row) -> Spent:
    return Spent(number(row, "tokens"), number(row, "microdollars"), number(row, "unpriced_tokens"))


def reserve(transaction: Transaction, attempt: int, promised: Ceiling) -> None:
    """Note what an attempt that begins was promised."""
    transaction.tell(
        "spending.reserve",
        attempt=attempt,
        tokens=promised.tokens,
        microdollars=promised.microdollars,
    )


def reserved(transaction: Transaction, day: date) -> list[Held]:
    """Return what the running attempts were promised and have not spent yet."""
    return [_held(transaction, row, day) for row in transaction.all("spending.reserved")]


def _held(transaction: Transaction, row: Row, day: date) -> Held:
    task = tasks.get(transaction, number(row, "task"))
    usage = Usage(
        input_tokens=number(row, "input_tokens"),
        output_tokens=number(row, "output_tokens"),
        cost_usd=maybe(row, "cost_usd"),
    )
    spent = spent_of(usage)
    tokens, money = maybe_number(row, "reserved_tokens"), maybe_number(row, "reserved_microdollars")
    return Held(
        accounts_of(task, server_of(text(row, "agent"), maybe(row, "provider")), day),
        max(0, (tokens or 0) - spent.tokens),
        max(0, (money or 0) - spent.microdollars),
    )
