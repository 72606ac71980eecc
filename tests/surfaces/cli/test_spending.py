"""What was spent, as a person reads it: a cost that is known in part says so."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.model.budget import Account, Scope, Spent
from deputize.store import spending
from deputize.store.sqlite import SqliteDatabase
from deputize.surfaces.cli.spending import cost_in_words

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

PLAN = {"title": "Ship it", "tasks": [{"prompt": "Build it"}, {"prompt": "Test it"}]}


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Spent(10, 1_200_000), "$1.20"),
        (Spent(10, 1_200_000, 4), "$1.20 + unpriced"),
        (Spent(10, 0, 10), "unpriced"),
        (Spent(10, 0), "$0.00"),
    ],
)
def test_a_cost_is_known_in_part_or_not_at_all(spent: Spent, words: str) -> None:
    """What is unpriced is not taken for nothing, and what is free is not taken for unpriced."""
    assert cost_in_words(spent) == words


def test_a_plan_tells_what_its_tasks_have_spent(deputize: CommandLine) -> None:
    """From the plan's account: nothing where nothing was spent, else tokens and cost."""
    assert deputize("run", "-", "--no-start", stdin=json.dumps(PLAN).encode()).code == 0
    assert "spent" not in deputize("plan", "show", "1").out
    assert deputize("plan", "show", "1", "--json").document["spent"] is None
    file = deputize.home / "deputize.db"
    with closing(SqliteDatabase(file)) as database, database.write() as transaction:
        spending.add(transaction, [Account(Scope.PLAN, "1")], Spent(1100, 1_200_000, 40))
    assert "spent: 1,100 tokens ($1.20 + unpriced)\n" in deputize("plan", "show", "p1").out
    spent = deputize("plan", "show", "1", "--json").document["spent"]
    assert (spent["tokens"], spent["unpriced_tokens"], spent["cost_usd"]) == (1100, 40, 1.2)
