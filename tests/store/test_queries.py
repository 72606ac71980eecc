"""The named queries: each is sound SQL, says what it is for, and is asked by somebody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import deputize
from deputize.store import queries
from deputize.store.queries import query

if TYPE_CHECKING:
    from tests.fixtures.databases import Intruder

PACKAGE = Path(deputize.__file__).parent
FILES = sorted((PACKAGE / "store" / "sql").glob("*.sql"))
HEAD = re.compile(r"^-- name: (\w+)\n((?:-- .+\n)*)", re.MULTILINE)
NAMED = [
    (f"{file.stem}.{head[1]}", head[2])
    for file in FILES
    for head in HEAD.finditer(file.read_text(encoding="utf-8"))
]


def test_each_query_is_named_once_and_says_what_it_is_for() -> None:
    """No statement stands outside a named query, and none lacks its purpose."""
    names = [name for name, _ in NAMED]
    assert len(names) == len(set(names)) > 50
    assert [name for name, purpose in NAMED if not purpose] == []
    for file in FILES:
        heads = file.read_text(encoding="utf-8").count("-- name:")
        assert heads == sum(name.startswith(f"{file.stem}.") for name in names), file


def test_each_query_is_sound_and_one_statement(intruder: Intruder) -> None:
    """The database can plan every query, whatever values are given for its parameters."""
    for name, _ in NAMED:
        statement = query(name)
        if not statement.startswith("PRAGMA"):
            values = dict.fromkeys(re.findall(r":(\w+)", statement))
            assert intruder.run(f"EXPLAIN {statement}", **values), name


def test_each_query_is_asked_by_a_module() -> None:
    """What nobody asks is not kept, and nobody asks what is not there."""
    source = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    names = {name for name, _ in NAMED}
    nouns = "|".join(file.stem for file in FILES)
    asked = set(re.findall(rf'\.(?:one|all|run)\(\s*"((?:{nouns})\.\w+)"', source))
    assert names - asked == set()
    assert asked - names == set()


def test_an_unknown_query_is_a_mistake_of_the_program() -> None:
    """It raises KeyError at once."""
    with pytest.raises(KeyError):
        queries.query("tasks.no_such_query")


@pytest.mark.parametrize("name", ["plans.counts", "tasks.of_plan", "plans.dependents"])
def test_a_plan_is_read_without_its_neighbours(kind: str, intruder: Intruder, name: str) -> None:
    """What belongs to a plan is found by an index, however much history there is."""
    if kind != "sqlite":
        pytest.skip("SQLite is asked how it would look")
    steps = intruder.run(f"EXPLAIN QUERY PLAN {query(name)}", plan=1)
    told = " ".join(str(step[3]) for step in steps)
    assert "tasks_by_plan (plan=?)" in told
    assert "SCAN tasks" not in told
    assert ("COVERING INDEX" in told) or name == "tasks.of_plan"
