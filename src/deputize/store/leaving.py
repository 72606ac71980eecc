"""Attempts that end: their tasks, locked, and what else their ends concern."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.store.attempts import usage_of
from deputize.store.rows import number, to_json
from deputize.store.tasks import task_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deputize.model.attempt import Attempt, Usage
    from deputize.model.task import Task
    from deputize.store.database import Row, Transaction


class Ties(NamedTuple):
    """What a task's end may concern besides: where nothing does, nothing is looked for."""

    is_asked: bool = True
    """A person may have been asked something about it."""
    is_needed: bool = True
    """Another task may need it."""


UNKNOWN = Ties()


class Leaving(NamedTuple):
    """How things stand where an attempt ends."""

    task: Task
    is_held: bool
    """Whether the attempt is still open under its token."""
    written: Usage
    """What was written already of what it has used."""
    ties: Ties


def ask(transaction: Transaction, attempts: Sequence[Attempt]) -> Callable[[], dict[int, Leaving]]:
    """Ask how things stand, by the ids of attempts that end in this transaction.

    The tasks are locked first: what is read then stays so, for whoever ends an attempt, or adds
    what needs its task, has to have that.
    """
    ids = to_json([attempt.id for attempt in attempts])
    if transaction.is_shared:
        transaction.tell("tasks.lock_all", ids=to_json([attempt.task for attempt in attempts]))
    asked = transaction.ask("attempts.leaving", ids=ids)
    tokens = {attempt.id: attempt.token for attempt in attempts}
    return lambda: {number(row, "leaving"): _leaving(row, tokens) for row in asked()}


def _leaving(row: Row, tokens: dict[int, str]) -> Leaving:
    is_held = row["closed_at"] is None and row["token"] == tokens[number(row, "leaving")]
    ties = Ties(bool(row["is_asked"]), bool(row["is_needed"]))
    return Leaving(task_of(row), is_held, usage_of(row), ties)
