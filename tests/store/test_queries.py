"""The named queries: each is sound SQL, says what it is for, and is asked by somebody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import deputize
from deputize.store import queries
from deputize.store.postgres.binding import translated
from deputize.store.queries import filled, query

if TYPE_CHECKING:
    from tests.fixtures.databases import Intruder

PACKAGE = Path(deputize.__file__).parent
FILES = sorted((PACKAGE / "store" / "sql").glob("*.sql"))
OVERRIDES = sorted((PACKAGE / "store" / "sql" / "postgres").glob("*.sql"))
HEAD = re.compile(r"^-- name: (\w+)\n((?:-- .+\n)*)", re.MULTILINE)


def named(files: list[Path]) -> list[tuple[str, str]]:
    """Return name and purpose of each query in some files."""
    return [
        (f"{file.stem}.{head[1]}", head[2])
        for file in files
        for head in HEAD.finditer(file.read_text(encoding="utf-8"))
    ]


NAMED = named(FILES)
SAMPLE = {"table": "tasks", "columns": "title, prompt", "values": ":title, :prompt"}
"""For queries that take names of the schema."""


def test_each_query_is_named_once_and_says_what_it_is_for() -> None:
    """No statement stands outside a named query, and none lacks its purpose."""
    names = [name for name, _ in NAMED]
    assert len(names) == len(set(names)) > 50
    assert [name for name, purpose in NAMED if not purpose] == []
    for file in FILES:
        heads = file.read_text(encoding="utf-8").count("-- name:")
        assert heads == sum(name.startswith(f"{file.stem}.") for name in names), file


def test_each_query_of_a_dialect_replaces_one_that_all_share() -> None:
    """It is named once, says what it is for, and differs from the one that it replaces."""
    names = [name for name, _ in named(OVERRIDES)]
    assert len(names) == len(set(names)) > 5
    assert set(names) <= {name for name, _ in NAMED}
    assert [name for name, purpose in named(OVERRIDES) if not purpose] == []
    assert [name for name in names if query(name, "postgres") == query(name)] == []


PARTS = {
    "tasks.ready",
    "tasks.reach",
    "tasks.may_take",
    "tasks.narrowed",
    "tasks.lines",
    "tasks.nothing_is_closed",
    "attempts.with_task",
    "archives.free",
    "archives.chosen",
    "sessions.known",
    "journal.remarkable",
}
"""What others are built of: no statement of its own."""


def test_each_query_is_sound_and_one_statement(kind: str, intruder: Intruder) -> None:
    """The database can plan every query, whatever values are given for its parameters."""
    for name, _ in NAMED:
        statement = filled(name, kind, SAMPLE)
        if name not in PARTS and not statement.startswith(("PRAGMA", "VACUUM", "SET CONSTRAINTS")):
            values = dict.fromkeys(re.findall(r":(\w+)", statement))
            assert intruder.run(f"EXPLAIN {statement}", **values), name


def test_each_query_is_asked_by_a_module() -> None:
    """What nobody asks is not kept, and nobody asks what is not there."""
    source = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    names = {name for name, _ in NAMED}
    nouns = "|".join(file.stem for file in FILES)
    asked = set(
        re.findall(rf'\.(?:one|all|ask|run|tell|give|pages|put)\(\s*"((?:{nouns})\.\w+)"', source)
    )
    assert names - asked == PARTS
    assert asked - names == set()


def test_a_query_may_build_on_another_of_its_file() -> None:
    """A name in braces stands for that query; its own name for the one that it replaces."""
    assert query("tasks.lock") == query("tasks.get")
    assert query("tasks.lock", "postgres") == f"{query('tasks.get')} FOR NO KEY UPDATE"
    descendants = query("tasks.descendants")
    assert query("tasks.descendants", "postgres") == f"{descendants} FOR NO KEY UPDATE"


def test_parameters_are_told_from_what_looks_like_one() -> None:
    """Not in texts, names, comments and casts; what is asked to be NULL is a value of its own."""
    found = translated("""SELECT ':a' || ":b"::text, x % 2 -- :c 5 %
        WHERE :since IS NULL OR at >= :since OR kind LIKE '%''.%'""")
    assert (
        found.text.decode()
        == """SELECT ':a' || ":b"::text, x %% 2 -- :c 5 %%
        WHERE %(since IS NULL)s OR at >= %(since)s OR kind LIKE '%%''.%%'"""
    )
    assert found.values({"since": None}) == {"since": None, "since IS NULL": True}


def test_an_unknown_query_is_a_mistake_of_the_program() -> None:
    """It raises KeyError at once."""
    with pytest.raises(KeyError):
        queries.query("tasks.no_such_query")


PLAN_QUERIES = ["plans.counts", "tasks.of_plan", "tasks.listing_of_plan", "plans.dependents"]


@pytest.mark.parametrize("name", PLAN_QUERIES)
def test_a_plan_is_read_without_its_neighbours(kind: str, intruder: Intruder, name: str) -> None:
    """What belongs to a plan is found by an index, however much history there is."""
    if kind != "sqlite":
        pytest.skip("SQLite is asked how it would look")
    asked = dict.fromkeys(re.findall(r":(\w+)", query(name)))
    steps = intruder.run(f"EXPLAIN QUERY PLAN {query(name)}", **asked)
    told = " ".join(str(step[3]) for step in steps)
    assert "tasks_by_plan (plan=?)" in told
    assert "SCAN tasks" not in told
    assert ("COVERING INDEX" in told) or name.startswith("tasks.")


@pytest.mark.parametrize("name", ["tasks.take", "tasks.lock_all", "attempts.leaving"])
def test_what_is_known_by_its_id_is_looked_up_by_it(
    kind: str, intruder: Intruder, name: str
) -> None:
    """However long the line is, and however much has ended."""
    if kind != "sqlite":
        pytest.skip("SQLite is asked how it would look")
    values = dict.fromkeys(re.findall(r":(\w+)", query(name)))
    steps = [str(step[3]) for step in intruder.run(f"EXPLAIN QUERY PLAN {query(name)}", **values)]
    assert "USING INTEGER PRIMARY KEY (rowid=?)" in " ".join(steps)
    assert [step for step in steps if step.startswith(("SCAN tasks", "SCAN attempts"))] == []
    assert "tasks_open" not in " ".join(steps)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("tasks.claimable", "tasks_open (state=? AND held=? AND priority=?)"),
        ("tasks.counts", "COVERING INDEX tasks_open"),
        ("tasks.busy", "tasks_open (state=?)"),
        ("tasks.by_key", "tasks_by_key (key=?)"),
        ("tasks.open", "tasks_open"),
        ("tasks.failed", "tasks_failed"),
        ("tasks.failed_first", "tasks_failed"),
        ("tasks.oldest_ready", "COVERING INDEX tasks_open (state=? AND held=?)"),
        ("tasks.next_start", "tasks_open (state=? AND held=?)"),
        ("attempts.open", "attempts_open"),
        ("attempts.of_worker", "attempts_open"),
        ("attempts.leftovers", "attempts_with_workspace"),
        ("stats.depths", "tasks_open"),
        ("stats.loads", "attempts_open"),
        ("stats.ended", "attempts_ended (finished_at>?)"),
    ],
)
def test_what_is_open_is_found_without_what_has_ended(
    kind: str, intruder: Intruder, name: str, index: str
) -> None:
    """However many tasks have ended, their rows and entries are not looked at."""
    if kind != "sqlite":
        pytest.skip("SQLite is asked how it would look")
    values = dict.fromkeys(re.findall(r":(\w+)", query(name)))
    steps = intruder.run(f"EXPLAIN QUERY PLAN {query(name)}", **values)
    assert index in " ".join(str(step[3]) for step in steps)
