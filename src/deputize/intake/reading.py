"""Read tasks from JSON by the table of fields, and say exactly where one is wrong.

What is refused here, and nothing else, is refused by the schema that `schemas.py` makes.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, cast

from deputize.errors import InvalidInput, UserError
from deputize.incoming import flag_of, list_of, number_of, text_of, whole, wrong
from deputize.intake import fields
from deputize.intake.fields import FIELDS, REPOSITORY_FIELDS, Field
from deputize.intake.patterns import DELAY, MOMENT
from deputize.intake.reading_races import read_race
from deputize.intake.tables import DEFAULTS, table_of
from deputize.intake.validation import check_spec
from deputize.intake.values import money_of, seconds_of, span_of
from deputize.model.need import Need, On
from deputize.model.plan import MOST_TASKS, label
from deputize.model.task import Output, Place, TaskSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.intake.racing import AskedRace

LARGEST_ID = 2**63 - 1
PLAN_SCHEMA = "deputize.plan/1"
PLAN_FIELDS = ("schema", "$schema", "title", "key", "race", "defaults", "tasks")
NAME = Field("name", fields.Name(), "what other tasks of the plan call it")
TASK_FIELDS = (NAME, *FIELDS)
KEY = Field("key", fields.Text(1, fields.KEY_LENGTH), "the same key again gives the same plan")
_WORDS = {"place": Place, "output": Output}
"""Fields whose words are values of their own."""
TITLE = Field("title", fields.Text(), "one line for lists; else made of the first task's")


class AskedNeed(NamedTuple):
    """A need as it stands in a document: the name of another task in it, or the id of any."""

    place: str
    of: str | int
    on: On


class AskedTask(NamedTuple):
    """A task as it stands in a document, sound in itself."""

    name: str | None
    spec: TaskSpec
    needs: tuple[AskedNeed, ...]


class AskedPlan(NamedTuple):
    """A document whose parts are sound; that they go together is looked at by `linking.py`."""

    title: str | None
    key: str | None
    tasks: tuple[AskedTask, ...]
    race: AskedRace | None = None


def read_plan(document: object, *, now: datetime, folder: str) -> AskedPlan:
    """Read a plan; paths of repositories are relative to `folder`, delays to `now`."""
    table = table_of(document, "", PLAN_FIELDS)
    reader = Reader(now, folder)
    for name in ("schema", "$schema"):
        if name in table and not isinstance(table[name], str):
            raise wrong(name, "a text", table[name])
    if table.get("schema", PLAN_SCHEMA) != PLAN_SCHEMA:
        raise wrong("schema", f'"{PLAN_SCHEMA}"', table["schema"])
    said = {
        field.name: reader.value(field, table[field.name], field.name)
        for field in (TITLE, KEY)
        if field.name in table
    }
    defaults = reader.values(table_of(table.get("defaults", {}), "defaults", DEFAULTS), "defaults")
    tasks = table.get("tasks")
    if "tasks" not in table:
        raise InvalidInput("the plan has no tasks", hint='{"tasks": [{"prompt": "…"}]}')
    if not isinstance(tasks, list) or not 0 < len(tasks) <= MOST_TASKS:
        raise wrong("tasks", f"a list of 1 to {MOST_TASKS} tasks", tasks)
    race = read_race(table, len(tasks)) if "race" in table else None
    return AskedPlan(
        cast("str | None", said.get("title")),
        cast("str | None", said.get("key")),
        tuple(
            reader.task(task, label(place, _name_of(task)), defaults)
            for place, task in enumerate(tasks)
        ),
        race,
    )


def read_task(document: object, *, now: datetime, folder: str, origin: str) -> TaskSpec:
    """Read a task that belongs to no plan; what it needs are tasks that are there, by their ids."""
    asked = Reader(now, folder).task(document, "task", {"origin": origin}, FIELDS)
    for need in asked.needs:
        if isinstance(need.of, str):
            hint = "what belongs together is submitted as a plan"
            raise InvalidInput(f"{need.place}: must be the id of a task that is there", hint=hint)
    needs = tuple(Need(id=cast("int", need.of), on=need.on) for need in asked.needs)
    return replace(asked.spec, needs=needs)


class Reader:
    """Reads values by the rules of their fields."""

    def __init__(self, now: datetime, folder: str) -> None:
        """Take delays from `now` and paths from `folder`."""
        self._now = now
        self._folder = folder

    def task(
        self,
        document: object,
        where: str,
        defaults: Mapping[str, object],
        known: Iterable[Field] = TASK_FIELDS,
    ) -> AskedTask:
        """Read a task, which errors call `where`."""
        table = table_of(document, where, known)
        if "prompt" not in table:
            raise InvalidInput(f"{where}.prompt: is missing")
        own = self.values(table, where)
        name, needs = own.pop("name", None), own.pop("needs", ())
        spec = self._spec(own, defaults)
        try:
            check_spec(spec, waits=bool(needs))
        except UserError as error:
            error.within(f"{where}.{error.field}")
            raise
        return AskedTask(cast("str | None", name), spec, cast("tuple[AskedNeed, ...]", needs))

    def _spec(self, own: Mapping[str, object], defaults: Mapping[str, object]) -> TaskSpec:
        place = own.get("place", defaults.get("place", Place.WORKTREE))
        is_scratch = place is Place.SCRATCH
        inherited = {
            name: value
            for name, value in defaults.items()
            if not (is_scratch and name in REPOSITORY_FIELDS)
            and not (place is Place.IN_PLACE and name == "lock")
        }
        values = {"origin": "file"} | inherited | dict(own)
        if not is_scratch:
            values["repo"] = self._path(values.get("repo"))
        return TaskSpec(**values)  # type: ignore[arg-type]

    def _path(self, named: object) -> str:
        path = os.path.join(self._folder, str(named or ""))  # noqa: PTH118 - as `add` does it
        return os.path.abspath(path)  # noqa: PTH100 - as above

    def values(self, table: Mapping[str, object], where: str) -> dict[str, object]:
        """Read what a table says, under the names that a `TaskSpec` has for it."""
        return {
            field.attribute or field.name: self.value(
                field, table[field.name], f"{where}.{field.name}"
            )
            for field in TASK_FIELDS
            if field.name in table
        }

    def value(self, field: Field, value: object, where: str) -> object:
        """Read one value."""
        rule = field.rule
        if isinstance(rule, fields.Many):
            return tuple(
                self._plain(rule.each, item, f"{where}[{place}]")
                for place, item in enumerate(list_of(value, where))
            )
        if isinstance(rule, fields.Needs):
            items = enumerate(list_of(value, where))
            return tuple(_need(item, f"{where}[{place}]") for place, item in items)
        found = self._plain(rule, value, where)
        word = _WORDS.get(field.name)
        return word(cast("str", found)) if word else found

    def _plain(self, rule: fields.Rule, value: object, where: str) -> object:
        found: object
        match rule:
            case fields.Number():
                found = number_of(value, where)
            case fields.Money():
                found = money_of(value, where)
            case fields.Span():
                found = span_of(value, where)
            case fields.Moment():
                found = self._moment(value, where)
            case fields.Flag():
                found = flag_of(value, where)
            case _:
                found = text_of(value, where)
        problem = rule.problem(found)
        if problem:
            raise InvalidInput(f"{where}: {problem}")
        return found

    def _moment(self, value: object, where: str) -> datetime:
        if isinstance(value, str) and re.search(MOMENT, value):
            return datetime.fromisoformat(value).astimezone(UTC)
        seconds = seconds_of(value, DELAY)
        if seconds is None or not 0 < seconds <= fields.LONGEST_DELAY_SECONDS:
            raise wrong(where, "a moment such as 2026-01-31T17:00:00Z or 2h", value)
        return self._now + timedelta(seconds=seconds)


def _name_of(document: object) -> str | None:
    """Return what a task is called, as far as that can be said already."""
    name = document.get("name") if isinstance(document, dict) else None
    return name if isinstance(name, str) and not NAME.rule.problem(name) else None


def _need(value: object, where: str) -> AskedNeed:
    if not isinstance(value, dict):
        return AskedNeed(where, _needed(value, where), On.DONE)
    table = table_of(value, where, ("id", "on"))
    if "id" not in table:
        raise InvalidInput(f"{where}.id: is missing")
    on = text_of(table.get("on", "done"), f"{where}.on")
    if on not in set(On):
        raise wrong(f"{where}.on", " or ".join(On), on)
    return AskedNeed(where, _needed(table["id"], f"{where}.id"), On(on))


def _needed(value: object, where: str) -> str | int:
    if isinstance(value, str) and not NAME.rule.problem(value):
        return value
    number = whole(value)
    if number is None or not 0 < number <= LARGEST_ID:
        raise wrong(where, "the name of a task in the plan, or the id of one that is there", value)
    return number
