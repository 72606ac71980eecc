"""The documents say what the code does: tables, settings, verbs, paths and links are compared."""

from __future__ import annotations

import re
import sqlite3
import tomllib
import typing
from collections.abc import Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import deputize.errors
from deputize.config.agents import shipped
from deputize.config.load import load_config
from deputize.config.settings import CHOICES, Config, LandingSettings
from deputize.config.variables import PLAIN, unknown_variables
from deputize.desk.doctor import About
from deputize.errors import DeputizeError
from deputize.intake.schemas import plan_schema, task_schema
from deputize.model.outcome import MEANINGS, WORKER_LOSSES, Outcome
from deputize.model.states import (
    CHANGE_TRANSITIONS,
    TASK_OWNERS,
    TASK_TRANSITIONS,
)
from deputize.model.waiting import Line
from deputize.notify.channels import channels_of
from deputize.store.sqlite import SqliteDatabase
from deputize.surfaces.cli.catalogue import VERBS
from deputize.surfaces.cli.parser import all_parsers
from deputize.surfaces.cli.reference import reference
from deputize.workspace.processes.environment import ALLOWED

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "deputize"
PAGES = (
    ROOT / "README.md",
    ROOT / "AGENTS.md",
    ROOT / "SECURITY.md",
    *sorted(DOCS.glob("*.md")),
    *sorted((DOCS / "decisions").glob("*.md")),
)
WRITTEN = [page for page in PAGES if page.name != "cli.md"]
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
VERB = re.compile(r"\bdeputize (?!import )((?:[a-z]+ ?){1,2})")
SOURCE_PATH = re.compile(r"(?:[a-z_]+/)+[a-z_]*(?:\.(?:py|sql))?|[a-z_]+\.py")
FLAGS = re.DOTALL | re.MULTILINE
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
LOST = (Outcome.LEASE_LOST, Outcome.WORKER_LOST)

Row = tuple[str, ...]


def by_name(page: Path) -> str:
    """Name a page in a test's id."""
    return str(page.relative_to(ROOT))


def section(page: Path, title: str) -> list[Row]:
    """Return the rows of the tables in one part of a page, without their heads."""
    text = page.read_text(encoding="utf-8").partition(f"\n## {title}\n")[2]
    lines = text.partition("\n## ")[0].splitlines()
    assert lines, f"{page}: there is no part {title!r}"
    return [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for before, line in pairwise(lines)
        if line.startswith("|") and before.startswith("|") and not line.startswith("|---")
    ]


def named(cell: str) -> set[str]:
    """Return what stands in backticks in a cell."""
    return set(CODE.findall(cell))


def code_of(page: Path) -> list[str]:
    """Return the code spans and the lines of the code blocks of a page."""
    parts = page.read_text(encoding="utf-8").split("\n```")
    blocks = [line for block in parts[1::2] for line in block.splitlines()[1:]]
    return [*blocks, *(span for part in parts[::2] for span in CODE.findall(part))]


def test_the_states_of_a_task_are_those_of_the_code() -> None:
    """Lifecycle has each state with its owner and exactly the moves that the store allows."""
    rows = [row for row in section(DOCS / "lifecycle.md", "A task") if row[0][1:-1] in TASK_OWNERS]
    told = {row[0].strip("`"): (row[2], named(row[3])) for row in rows}
    assert told == {
        state: (TASK_OWNERS[state], set(moves)) for state, moves in TASK_TRANSITIONS.items()
    }


def test_the_states_of_a_change_are_those_of_the_code() -> None:
    """Lifecycle has each state of a change and exactly the moves that the store allows."""
    rows = section(DOCS / "lifecycle.md", "A change")
    told = {row[0].strip("`"): named(row[2]) for row in rows}
    assert told == {state: set(moves) for state, moves in CHANGE_TRANSITIONS.items()}


@pytest.mark.parametrize("outcome", MEANINGS)
def test_an_outcome_means_what_the_code_says(outcome: Outcome) -> None:
    """Lifecycle has retries, tries, who acts and what to do for each outcome."""
    meaning = MEANINGS[outcome]
    tries = str(meaning.default_tries) if meaning.counts else "no limit"
    expected = (
        "yes" if meaning.retryable else "no",
        str(WORKER_LOSSES) if outcome in LOST else tries,
        "yes" if meaning.on_request else "no",
        meaning.who_acts,
        meaning.what_to_do,
    )
    told = {row[0]: row[2:] for row in section(DOCS / "lifecycle.md", "Outcomes")}
    assert told[f"`{outcome}`"] == expected


def test_no_outcome_is_told_that_there_is_not() -> None:
    """Lifecycle lists the closed set, in its order, and Troubleshooting leaves none out."""
    rows = section(DOCS / "lifecycle.md", "Outcomes")
    assert [row[0] for row in rows] == [f"`{outcome}`" for outcome in Outcome]
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    assert [outcome for outcome in Outcome if f"`{outcome}`" not in text] == []
    assert MEANINGS[Outcome.CONFLICT].default_tries == 1 + LandingSettings().rework


NUMBERS = ("approval", "task", "change", "most", "priority")
FILLED = dict.fromkeys(NUMBERS, r"\d+") | {"spent": "the budget .+ is spent: .+"}
"""What stands in the place of names in the lines; for others, anything."""


def pattern(line: Line) -> re.Pattern[str]:
    """Return what an example of a line looks like, its hint left out."""
    parts = re.split(r"(\{\w+\})", line.partition(" (`")[0])
    filled = (
        re.escape(part) if place % 2 == 0 else FILLED.get(part[1:-1], ".+")
        for place, part in enumerate(parts)
    )
    return re.compile("".join(filled))


def test_what_a_task_waits_for_is_explained() -> None:
    """Troubleshooting has one row for each line that `status` shows, and no other."""
    rows = section(DOCS / "troubleshooting.md", "Why does it not move?")
    told = [[line for line in Line if pattern(line).fullmatch(row[0].strip("`"))] for row in rows]
    assert [row[0] for row, lines in zip(rows, told, strict=True) if len(lines) != 1] == []
    assert sorted(line for lines in told for line in lines) == sorted(Line)


def test_what_doctor_looks_at_is_explained() -> None:
    """Troubleshooting has one row for each thing that has findings, in the order of the code."""
    rows = section(DOCS / "troubleshooting.md", "What does `deputize doctor` look at?")
    assert [row[0].strip("`") for row in rows] == list(About)


def test_the_reference_of_the_command_line_is_made_from_the_parser() -> None:
    """`make docs` would write the very same page."""
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    assert page.rstrip("\n") == reference().rstrip("\n"), "hint: make docs"


def keys_of(kind: Any, prefix: str = "") -> dict[str, str]:  # noqa: ANN401 - a named tuple's class
    """Return each key that a table of this kind may have, with its default as TOML writes it."""
    found: dict[str, str] = {}
    for name, wanted in typing.get_type_hints(kind).items():
        key = f"{prefix}{name}"
        default = kind._field_defaults.get(name, ...)
        inner = next(iter(typing.get_args(wanted)[::-1]), None)
        if typing.get_origin(wanted) is Mapping and inner in {int, str}:
            found[f"{key}.NAME"] = "–"
        elif typing.get_origin(wanted) is Mapping:
            found |= keys_of(inner, f"{key}.NAME.")
        elif hasattr(wanted, "_fields"):
            found |= keys_of(wanted, f"{key}.")
        else:
            found[key] = written(default)
            item = typing.get_args(wanted)[0] if typing.get_origin(wanted) is tuple else None
            found |= keys_of(item, f"{key}[].") if hasattr(item, "_fields") else {}
    return found


def written(default: object) -> str:
    """Write a default as the page does."""
    if default is ...:
        return "required"
    if default is None:
        return "–"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, str):
        return f'`"{default}"`'
    return "`[]`" if default == () else f"`{default}`"


def test_every_setting_is_told_with_its_default() -> None:
    """Configuration has each key, no other, and the default that holds."""
    told = {row[0].strip("`"): row[1] for row in section(DOCS / "configuration.md", "Keys")}
    assert told == keys_of(Config)


@pytest.mark.parametrize("key", CHOICES)
def test_every_word_that_a_setting_takes_is_told(key: str) -> None:
    """Configuration names the words that such a key takes."""
    lists = ("notify", "policy.rules", "approvals", "hooks")
    names = {f"{name}.*.": f"{name}[]." for name in lists}
    wanted = next((key.replace(*pair) for pair in names.items() if key.startswith(pair[0])), key)
    rows = section(DOCS / "configuration.md", "Keys")
    (meaning,) = (row[2] for row in rows if row[0] == f"`{wanted.replace('*', 'NAME')}`")
    assert set(CHOICES[key]) <= named(meaning)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_variable_that_is_named_means_something(page: Path) -> None:
    """A `DEPUTIZE_…` variable on a page is one that deputize knows."""
    told = set(re.findall(r"DEPUTIZE_[A-Z_]*[A-Z]", page.read_text(encoding="utf-8")))
    assert unknown_variables(told - {"DEPUTIZE_TABLE__KEY"}) == []


def test_every_table_that_variables_reach_is_told() -> None:
    """Configuration names the tables of single values."""
    rows = section(DOCS / "configuration.md", "Environment")
    (tables,) = (named(row[1]) for row in rows if row[0] == "`DEPUTIZE_TABLE__KEY`")
    assert PLAIN - {"default_agent", "default_provider"} <= tables


@pytest.mark.parametrize("page", WRITTEN, ids=by_name)
def test_every_example_of_settings_is_taken(page: Path, tmp_path: Path) -> None:
    """A block of TOML is a file that deputize reads without complaint."""
    for example in re.findall(r"^```toml\n(.*?)^```", page.read_text("utf-8"), FLAGS):
        file = tmp_path / "config.toml"
        file.write_text(example, encoding="utf-8")
        channels_of(load_config(file).notify)


def test_every_column_of_the_store_is_told(tmp_path: Path) -> None:
    """Schema has each table, with its columns in order, their types and what may be empty."""
    path = tmp_path / "deputize.db"
    SqliteDatabase(path).close()
    with closing(sqlite3.connect(path)) as store:
        names = store.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
        tables = {name for (name,) in names if not name.startswith("sqlite_")}
        for table in tables:
            told = [row[:3] for row in section(DOCS / "schema.md", table)]
            columns = store.execute(f"PRAGMA table_info({table})").fetchall()
            assert told == [
                (f"`{name}`", kind.lower(), "" if required or key else "yes")
                for _, name, kind, required, _, key in columns
            ], table
    heads = re.findall(r"^## (\w+)$", (DOCS / "schema.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(heads) == sorted(tables)


def test_every_field_of_a_task_in_a_plan_is_told() -> None:
    """Plans names each field, and what can be waited for."""
    text = (DOCS / "plans.md").read_text(encoding="utf-8")
    fields = {*task_schema()["properties"], *plan_schema()["properties"]} - {"$schema"}
    assert fields <= named(text)
    assert [row[0] for row in section(DOCS / "plans.md", "Needs")] == [
        "`done`",
        "`landed`",
        "`end`",
    ]


def test_every_variable_that_an_agent_gets_is_told() -> None:
    """Agents lists the whole allow-list."""
    text = (DOCS / "agents.md").read_text(encoding="utf-8")
    listed = text.partition("\n## Environment\n")[2]
    assert named(listed.partition("An agent also gets")[0]) - {"*"} == ALLOWED


def test_every_agent_that_we_describe_is_told_with_its_variables() -> None:
    """Agents has a row for each."""
    rows = section(DOCS / "agents.md", "Agents that are described already")
    told = {row[0].strip("`"): named(row[1]) for row in rows}
    assert told == {name: set(each.env) for name, each in shipped().items()}


def test_the_errors_are_drawn_as_they_are() -> None:
    """The tree in the docstring of `errors` has each class below its own base."""
    drawn: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    for line in (deputize.errors.__doc__ or "").splitlines():
        found = re.match(r"[├└│─ ]*([A-Z]\w+)  ", line)
        if found:
            depth = found.start(1)
            above = [each for each in above if each[0] < depth]
            drawn[found[1]] = above[-1][1] if above else "Exception"
            above.append((depth, found[1]))
    kinds = [kind for kind in vars(deputize.errors).values() if isinstance(kind, type)]
    errors = [kind for kind in kinds if issubclass(kind, DeputizeError)]
    assert drawn == {kind.__name__: kind.__bases__[0].__name__ for kind in errors}


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as hosts of repositories make them."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Links are to files and headings that are there."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", WRITTEN, ids=by_name)
def test_every_verb_that_is_shown_is_there(page: Path) -> None:
    """`deputize VERB` in code is a verb of the parser, and its options are too."""
    parsers = all_parsers()
    for code in code_of(page):
        for found in VERB.finditer(code):
            words = found[1].split()
            verb = next((" ".join(words[:n]) for n in (2, 1) if " ".join(words[:n]) in VERBS), None)
            assert verb, f"{page.name}: {code}"
            options = parsers[verb]._option_string_actions
            rest = re.split(r"\||#|`", code[found.end() :])[0]
            assert set(OPTION.findall(rest)) <= set(options), f"{page.name}: {code}"


@pytest.mark.parametrize("page", WRITTEN, ids=by_name)
def test_every_option_that_is_named_alone_is_there(page: Path) -> None:
    """A code span that begins with two dashes is an option of some verb."""
    known = {
        option for parser in all_parsers().values() for option in parser._option_string_actions
    }
    spans = [code.split()[0] for code in code_of(page) if OPTION.match(code)]
    assert [option for option in spans if option not in known] == []


@pytest.mark.parametrize("page", WRITTEN, ids=by_name)
def test_every_source_file_that_is_named_is_there(page: Path) -> None:
    """Paths in code spans are below the checkout or below `src/deputize`."""
    tops = {path.name for path in (*SOURCE.iterdir(), *ROOT.iterdir())}
    for code in code_of(page):
        if SOURCE_PATH.fullmatch(code) and code.partition("/")[0] in tops:
            assert (ROOT / code).exists() or (SOURCE / code).exists(), f"{page.name}: {code}"


def test_the_walkthrough_names_files() -> None:
    """Its paths are recognised as such: the test above would see one that is wrong."""
    named_files = [code for code in code_of(DOCS / "walkthrough.md") if code.endswith(".py")]
    assert len(named_files) > 40
    assert [code for code in named_files if not SOURCE_PATH.fullmatch(code)] == []
    assert [code for code in named_files if not (SOURCE / code).exists()] == []


def test_the_layers_are_those_that_are_held() -> None:
    """Architecture lists the rooms in the layers of import-linter, and describes each room."""
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    drawn = text.partition("```layers\n")[2].partition("```")[0].splitlines()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    rooms = {path.stem for path in SOURCE.iterdir() if path.suffix in {"", ".py"}}
    rooms -= {"__init__", "__main__", "__pycache__", "py"}
    held = [
        " | ".join(room for room in line.replace("(", "").replace(")", "").split(" | ")
                   if room in rooms)
        for line in contract["layers"]
    ]  # fmt: skip
    assert drawn == held
    described = {row[0].strip("`") for row in section(DOCS / "architecture.md", "Rooms and layers")}
    assert described == {room for line in held for room in line.split(" | ")}


@pytest.mark.parametrize("page", WRITTEN, ids=by_name)
def test_every_make_target_is_there(page: Path) -> None:
    """`make TARGET` in code is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    heads = re.findall(r"^([\w -]+):", makefile, re.MULTILINE)
    targets = {target for head in heads for target in head.split()}
    shown = {target for code in code_of(page) for target in re.findall(r"^make ([\w-]+)", code)}
    assert shown <= targets


def test_pages_stay_short() -> None:
    """AGENTS.md and Architecture are read whole; decisions are a page each, numbered in order."""
    lines = {page: len(page.read_text(encoding="utf-8").splitlines()) for page in PAGES}
    assert lines[ROOT / "AGENTS.md"] <= 60
    assert lines[DOCS / "architecture.md"] <= 150
    decisions = [page for page in PAGES if page.parent.name == "decisions"]
    assert [page.name[:4] for page in decisions] == [
        f"{number:04}" for number in range(1, len(decisions) + 1)
    ]
    assert [page.name for page in decisions if lines[page] > 30] == []
