"""JSON comes in by one table: the schema that is printed and the reader take the same documents."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.errors import InvalidInput
from deputize.incoming import document_of
from deputize.intake.reading import AskedPlan, read_plan
from deputize.intake.schemas import plan_schema, task_schema
from deputize.model.need import On
from deputize.model.plan import PLAN_BYTES
from deputize.model.task import Place, TaskSpec
from tests.fixtures.nouns import NOON

PLAN = jsonschema.Draft202012Validator(plan_schema())
TASK = jsonschema.Draft202012Validator(task_schema())
GOOD: dict[str, list[Any]] = {
    "name": ["a", "Build.it_2-x", "a" * 64],
    "prompt": ["x", "  x\n", "caf\u00e9", "x" * 5000],
    "title": ["", "t"],
    "role": ["writer", ""],
    "kind": ["feature", "docs"],
    "priority": [1, 10, 5.0],
    "agent": ["a"],
    "model": ["m", ""],
    "provider": ["p"],
    "session": ["s"],
    "key": ["k", "k" * 200],
    "needs": [[], ["a", "b"], [1, {"id": 2}], [{"id": "a", "on": "end"}, 3.0]],
    "not_before": ["2026-02-28T23:59:59Z", "2024-02-29T00:00:00.5+02:00", "2h", 90, "366d"],
    "held": [True, False],
    "timeout": [1, 2_592_000, "90", "10m", "2h", "30d", "2592000", "43200m", 60.0],
    "idle_timeout": ["15m"],
    "attempts": [1, 100],
    "place": ["worktree", "in_place", "read_only", "scratch"],
    "repo": [".", "/else/where", "../x"],
    "target": ["main", ""],
    "base": ["main~2", ""],
    "scope": [[], ["src"], ["a/b", "./c", "..x", "...", "a.."]],
    "checks": [[], ["tests"]],
    "lock": ["l"],
    "labels": [[], ["x", ""]],
}
BAD: list[Any] = [
    *(None, True, 0, -1, 11, 101, 1.5, 2**63, 1e300, "", " \n", "a\0b", "caf\udce9", "k" * 201),
    *("soon", "0", "007", "31d", "2592001", "721h", "10 m", "10m\n", "1e3", "٣", "-5", "367d"),
    *("2026-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01"),
    *("2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00Z\n", "1999-01-01T0"),
    *("/etc", "..", "a/../b", "../b", "..\n", "./", "a/..", "chore", "1a", "a b", "a\n", "é"),
    *(
        [],
        {},
        [""],
        [None],
        ["a", 5],
        [["a"]],
        ["/x"],
        ["a/../b"],
        ["a\0"],
        ["."],
        [0],
        [True],
        ["1"],
    ),
    *([{"id": "a", "on": "start"}], [{"on": "end"}], [{"id": 1, "at": 2}], [{"id": "a b"}]),
]
VALUES = st.one_of(
    *(st.sampled_from(values) for values in GOOD.values()),
    st.sampled_from(BAD),
    st.text(st.sampled_from("0123456789smhd.:TZ-+/ \n"), max_size=6),
    st.integers(-1, 12),
)


def task_documents() -> st.SearchStrategy[dict[str, Any]]:
    """Make tasks: mostly sound, one field perhaps not, perhaps one that there isn't."""
    sound = st.fixed_dictionaries(
        {"prompt": st.sampled_from(GOOD["prompt"])},
        optional={
            name: st.sampled_from(values) for name, values in GOOD.items() if name != "prompt"
        },
    )
    odd = st.dictionaries(st.sampled_from([*GOOD, "timout", ""]), VALUES, max_size=1)
    return st.builds(lambda one, other: one | other, sound, odd)


WHO = ["a", "a:m", "a:b:c", "\u00e9", "", ":m", "a:", "a b", "a,b", "a\n", "a\0", "a\udce9", 5]
RACES: st.SearchStrategy[Any] = st.one_of(
    st.fixed_dictionaries(
        {"agents": st.lists(st.sampled_from(WHO), max_size=11)},
        optional={
            "judge": st.one_of(
                st.sampled_from(["checks", "smallest", "agent", 5]),
                st.text("ab:, \0\n", max_size=5).map("agent".__add__),
            )
        },
    ),
    st.sampled_from(
        [None, {}, [], {"judge": "checks"}, {"agents": "a,b"}, {"agents": ["a", "b"], "who": 1}]
    ),
)


def reads(document: object) -> AskedPlan | InvalidInput:
    """Read a plan, or return what is wrong with it."""
    try:
        return read_plan(copy.deepcopy(document), now=NOON, folder="/here")
    except InvalidInput as error:
        return error


def test_the_schemas_are_schemas() -> None:
    """Of the draft that they name."""
    for schema in (plan_schema(), task_schema()):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert json.loads(json.dumps(schema)) == schema


@pytest.mark.parametrize("name", GOOD)
def test_schema_and_reader_agree_on_each_field(name: str) -> None:
    """On each value that is good, and on each that is bad for some field."""
    for value in GOOD[name]:
        task = {"prompt": "x", name: value}
        assert TASK.is_valid(task), (name, value)
        assert isinstance(reads({"tasks": [task]}), AskedPlan), (name, value)
    for value in [*BAD, *(other for values in GOOD.values() for other in values)]:
        task = {"prompt": "x", name: value}
        assert isinstance(reads({"tasks": [task]}), AskedPlan) == TASK.is_valid(task), (name, value)


@given(task_documents())
def test_schema_and_reader_agree_on_tasks(task: dict[str, Any]) -> None:
    """On fields that don't go together too; what is refused is named with its place."""
    found = reads({"tasks": [{"prompt": "first"}, task]})
    assert isinstance(found, AskedPlan) == TASK.is_valid(task)
    if isinstance(found, InvalidInput):
        assert found.message.startswith("tasks[1]")


@given(
    st.fixed_dictionaries(
        {"tasks": st.lists(task_documents(), max_size=3)},
        optional={
            "title": st.sampled_from(["t", "", 5, None]),
            "key": st.sampled_from(["k", "", "k" * 201, "a\0", 5]),
            "schema": st.sampled_from(["deputize.plan/1", "deputize.plan/2", 1]),
            "$schema": st.sampled_from(["plan.schema.json", 1]),
            "defaults": st.dictionaries(st.sampled_from([*GOOD]), VALUES, max_size=2)
            | st.sampled_from(
                [{"place": "scratch"}, {"place": "scratch", "repo": "."}, {"place": "in_place"}, 5]
            ),
            "role": st.just("writer"),
            "race": RACES,
        },
    )
)
def test_schema_and_reader_agree_on_plans(document: dict[str, Any]) -> None:
    """On what holds for all tasks, and on what a plan says of itself."""
    assert isinstance(reads(document), AskedPlan) == PLAN.is_valid(document)


@given(
    st.fixed_dictionaries(
        {"tasks": st.lists(task_documents(), min_size=1, max_size=2), "race": RACES},
        optional={"defaults": st.dictionaries(st.sampled_from([*GOOD]), VALUES, max_size=1)},
    )
)
def test_schema_and_reader_agree_on_races(document: dict[str, Any]) -> None:
    """On who runs, and on what neither the task of a race nor what holds for all can have."""
    assert isinstance(reads(document), AskedPlan) == PLAN.is_valid(document)


@pytest.mark.parametrize("who", WHO)
def test_schema_and_reader_agree_on_who_runs(who: object) -> None:
    """On each name, beside one that is good."""
    document = {"tasks": [{"prompt": "x"}], "race": {"agents": ["a", who]}}
    assert isinstance(reads(document), AskedPlan) == PLAN.is_valid(document)
    assert PLAN.is_valid(document) == (who in WHO[:4])


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"race": {"agents": ["a"]}}, "a race takes 2 to 10 agents, not 1"),
        ({"race": {"judge": "checks"}}, "race.agents: is missing"),
        ({"race": {"agents": ["a", "a"], "judge": "agent:"}}, "race.judge: must be"),
        ({"race": {"agents": ["a", "b"], "winner": 1}}, "race.winner: unknown field"),
        ({"race": {"agents": ["a", "b"]}, "defaults": {"model": "m"}}, "defaults.model: the task"),
        ({"race": {"agents": ["a", "b"]}, "defaults": {"place": "scratch"}}, "defaults.place: a"),
    ],
)
def test_what_is_wrong_with_a_race_is_named(document: dict[str, Any], problem: str) -> None:
    """With the field where it stands."""
    found = reads({"tasks": [{"prompt": "x"}], **document})
    assert isinstance(found, InvalidInput)
    assert found.message.startswith(problem)


def test_other_documents_are_no_plans() -> None:
    """Neither the schema nor the reader takes them."""
    documents: list[Any] = [[], "x", None, 5, {}, {"tasks": {}}, {"tasks": []}, {"tasks": [[]]}]
    for document in documents:
        assert isinstance(reads(document), InvalidInput)
        assert not PLAN.is_valid(document)


def test_every_field_of_a_task_can_be_asked_for() -> None:
    """The table leaves out only where a task came from; values arrive as `add` gives them."""
    task = {name: values[0] for name, values in GOOD.items()} | {"not_before": "2h"}
    del task["base"]
    found = reads({"tasks": [task | {"needs": ["b", {"id": 7, "on": "landed"}]}, {"prompt": "y"}]})
    assert isinstance(found, AskedPlan)
    spec = found.tasks[0].spec
    assert (spec.repo, spec.place, spec.timeout_seconds) == ("/here", Place.WORKTREE, 1)
    assert (spec.not_before - NOON).total_seconds() == 7200 if spec.not_before else False
    assert [(need.of, need.on) for need in found.tasks[0].needs] == [("b", On.DONE), (7, On.LANDED)]
    fields = set(TaskSpec.__dataclass_fields__) - {"origin"}
    properties = {name: f"{name}_seconds" for name in ("timeout", "idle_timeout")}
    told = {properties.get(name, name) for name in task_schema()["properties"]}
    assert told - {"name"} == fields


def test_what_holds_for_all_gives_way_to_what_a_task_says() -> None:
    """And what only a repository has does not hold for a task without one."""
    found = reads(
        {
            "defaults": {"priority": 2, "repo": "sub", "target": "main", "checks": ["tests"]},
            "tasks": [{"prompt": "a"}, {"prompt": "b", "priority": 9, "place": "scratch"}],
        }
    )
    assert isinstance(found, AskedPlan)
    first, second = (task.spec for task in found.tasks)
    assert (first.priority, first.repo, first.target, first.checks) == (
        *(2, "/here/sub", "main"),
        ("tests",),
    )
    assert (second.priority, second.repo, second.target, second.checks) == (9, None, None, ())


def test_a_lock_for_all_is_none_of_what_works_in_place() -> None:
    """Its checkout is its lock; one that it asks for itself is refused."""
    asked = [{"prompt": "a"}, {"prompt": "b", "place": "in_place"}]
    found = reads({"defaults": {"lock": "deploy"}, "tasks": asked})
    assert isinstance(found, AskedPlan)
    assert [task.spec.lock for task in found.tasks] == ["deploy", None]
    found = reads({"tasks": [{"prompt": "b", "place": "in_place", "lock": "deploy"}]})
    assert isinstance(found, InvalidInput)
    assert found.message.startswith("tasks[0].lock: a task in place can't have a lock")


BROKEN = [
    (b"", "p.json is not valid JSON at line 1, column 1: expecting value"),
    (b'{"tasks": [\n1,]}', "p.json is not valid JSON at line 2, column 3"),
    (b'{"a": 1, "a": 2}', 'an object has the field "a" twice'),
    (b'"caf\xe9"', "p.json is not valid UTF-8 at byte 4"),
    (b"NaN", "NaN is no number in JSON"),
    (b"[" * 100_000, "p.json is not JSON that can be read"),
    (b"1" * 5000, "p.json is not JSON that can be read"),
    (b" " * (PLAN_BYTES + 1), f"p.json has {PLAN_BYTES + 1} bytes, the most is {PLAN_BYTES}"),
]


@pytest.mark.parametrize(("content", "problem"), BROKEN)
def test_what_is_no_json_is_told_with_its_place(content: bytes, problem: str) -> None:
    """In one line, whatever the parser says."""
    with pytest.raises(InvalidInput) as caught:
        document_of(content, "p.json", PLAN_BYTES)
    assert problem in caught.value.message


WORDS = [
    ({"timeout": "soon"}, "tasks[0] (it).timeout: must be a duration such as 90, 10m or 2h"),
    ({"timout": 5}, "tasks[0] (it).timout: unknown field"),
    ({"priority": 11}, "tasks[0] (it).priority: must be between 1 and 10, not 11"),
    ({"scope": ["a", "/b"]}, "tasks[0] (it).scope[1]: '/b' must be a path inside"),
    ({"kind": "chore"}, "tasks[0] (it).kind: must be one of feature, bugfix, refactor, docs"),
    ({"needs": [{"id": "a", "on": "x"}]}, 'needs[0].on: must be done or end or landed, not "x"'),
    ({"needs": ["1"]}, "tasks[0] (it).needs[0]: must be the name of a task in the plan, or the id"),
    ({"place": "scratch", "repo": "."}, "tasks[0] (it).repo: a scratch task has no repository"),
    ({"base": "main", "needs": [1]}, "tasks[0] (it).base: a task that waits for others can't"),
    ({"prompt": " "}, "tasks[0] (it).prompt: is empty"),
    ({"prompt": {"a": 1}}, "tasks[0] (it).prompt: must be a text, not an object"),
]


@pytest.mark.parametrize(("said", "problem"), WORDS)
def test_what_is_wrong_is_named_with_task_and_field(said: dict[str, Any], problem: str) -> None:
    """And in words that say what would be right."""
    found = reads({"tasks": [{"prompt": "x", "name": "it"} | said]})
    assert isinstance(found, InvalidInput)
    assert problem in found.message


HINTS = [
    ({"tasks": [{"prompt": "x", "timout": 5}]}, "did you mean `timeout`?"),
    ({"tasks": [{"prompt": "x", "depends_on": []}]}, "did you mean `needs`?"),
    ({"tasks": [{"description": "x"}]}, "did you mean `prompt`?"),
    ({"role": "writer", "tasks": []}, "`defaults` says it for all tasks"),
    ({"tasks": [{"prompt": "x", "zzz": 5}]}, "known: name, prompt"),
]


@pytest.mark.parametrize(("document", "hint"), HINTS)
def test_an_unknown_field_is_answered_with_the_nearest(document: object, hint: str) -> None:
    """Or with what other programs call it, or where it belongs."""
    found = reads(document)
    assert isinstance(found, InvalidInput)
    assert hint in (found.hint or "")
