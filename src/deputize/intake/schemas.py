"""JSON Schemas (draft 2020-12) of what can be submitted, made from the table of fields.

The rules that take more than one look (unknown names, circles of needs) are not in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.incoming import DRAFT, TEXT, Schema, object_schema
from deputize.intake import fields, patterns
from deputize.intake.fields import REPOSITORY_FIELDS, Field
from deputize.intake.racing import NOT_FOR_ALL, NOT_IN_A_RACE
from deputize.intake.reading import (
    KEY,
    LARGEST_ID,
    PLAN_SCHEMA,
    TASK_FIELDS,
    TITLE,
)
from deputize.intake.tables import DEFAULTS
from deputize.model.need import On
from deputize.model.plan import MOST_TASKS
from deputize.model.race import LEAST_RUNNERS, MOST_RUNNERS
from deputize.model.task import PROMPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

_NO_REPOSITORY: Schema = {
    "properties": {
        name: {"maxItems": 0} if name == "checks" else False for name in REPOSITORY_FIELDS
    }
}
_NO_LOCK: Schema = {"properties": {"lock": False}}


def _without(names: Iterable[str]) -> Schema:
    return {"properties": {**dict.fromkeys(names, False), "place": {"const": "worktree"}}}


_RACING: Schema = {
    "properties": {
        "defaults": _without(NOT_FOR_ALL),
        "tasks": {"maxItems": 1, "items": _without(NOT_IN_A_RACE)},
    }
}
"""What a plan and its task can't have besides, where it is a race."""


def _at(place: str) -> Schema:
    return {"properties": {"place": {"const": place}}, "required": ["place"]}


_PLACES = (("scratch", _NO_REPOSITORY), ("in_place", _NO_LOCK))
"""What a task can't have besides where it works in such a place."""


def task_schema() -> Schema:
    """Describe one task of a plan."""
    return {"$schema": DRAFT, "title": "a task, as in the tasks of a plan", **_task()}


def plan_schema() -> Schema:
    """Describe a plan."""
    shared = object_schema({field.name: _described(field) for field in DEFAULTS})
    return {
        "$schema": DRAFT,
        "title": "a plan: tasks that are submitted together",
        **object_schema(
            {
                "schema": {"const": PLAN_SCHEMA},
                "$schema": {"type": "string"},
                "title": _described(TITLE),
                "key": _described(KEY),
                "race": _race(),
                "defaults": {
                    "description": "what holds for every task that says nothing",
                    **shared,
                },
                "tasks": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": MOST_TASKS,
                    "items": {"$ref": "#/$defs/task"},
                },
            },
            required=["tasks"],
        ),
        "allOf": [
            {
                "if": {"properties": {"defaults": _at(place)}, "required": ["defaults"]},
                "then": {
                    "properties": {
                        "tasks": {"items": {"anyOf": [{"required": ["place"]}, without]}}
                    }
                },
            }
            for place, without in _PLACES
        ]
        + [{"if": {"required": ["race"]}, "then": _RACING}],
        "$defs": {"task": _task()},
    }


def _race() -> Schema:
    agents = {
        "type": "array",
        "minItems": LEAST_RUNNERS,
        "maxItems": MOST_RUNNERS,
        "items": {"type": "string", "pattern": patterns.WHO},
    }
    told = "the one task of the plan is given to several agents; one change lands"
    judge = {"type": "string", "pattern": patterns.JUDGE}
    return {"description": told, **object_schema({"agents": agents, "judge": judge}, ["agents"])}


def _task() -> Schema:
    properties = {field.name: _described(field) for field in TASK_FIELDS}
    waiting = {"required": ["base", "needs"], "properties": {"needs": {"minItems": 1}}}
    return {
        **object_schema(properties, required=["prompt"]),
        "not": waiting,
        "allOf": [{"if": _at(place), "then": without} for place, without in _PLACES],
    }


def _described(field: Field) -> Schema:
    return {"description": field.about, **_of(field.rule)}


def _of(rule: fields.Rule) -> Schema:
    match rule:
        case fields.Many(each):
            return {"type": "array", "items": _of(each)}
        case fields.Needs():
            return {"type": "array", "items": _need()}
        case fields.Word(words):
            return {"enum": list(words)}
        case fields.Number(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case fields.Flag():
            return {"type": "boolean"}
        case _:
            return _of_amount(rule)


def _of_amount(rule: fields.Rule) -> Schema:
    match rule:
        case fields.Money(least, most):
            return {"type": "number", "minimum": least, "maximum": most}
        case fields.Span():
            return {"anyOf": _spans(patterns.SPAN, fields.LONGEST_TIMEOUT_SECONDS)}
        case fields.Moment():
            moment = {"type": "string", "format": "date-time", "pattern": patterns.MOMENT}
            return {"anyOf": [moment, *_spans(patterns.DELAY, fields.LONGEST_DELAY_SECONDS)]}
        case _:
            return _of_text(rule)


def _of_text(rule: fields.Rule) -> Schema:
    match rule:
        case fields.Text(least, most):
            longest = {} if most is None else {"maxLength": most}
            return {"type": "string", "minLength": least, **longest, "pattern": TEXT}
        case fields.Prompt():
            text = {"type": "string", "maxLength": PROMPT_BYTES, "pattern": TEXT}
            return text | {"allOf": [{"pattern": patterns.NOT_BLANK}]}
        case fields.Words():
            return {"type": "string", "minLength": 1, "pattern": TEXT}
        case fields.Inside() | fields.Name():
            is_name = isinstance(rule, fields.Name)
            return {"type": "string", "pattern": patterns.NAME if is_name else patterns.INSIDE}
        case _:
            return {"type": "string"}


def _spans(pattern: str, longest: int) -> list[Schema]:
    number = {"type": "integer", "minimum": 1, "maximum": longest}
    return [number, {"type": "string", "pattern": pattern}]


def _need() -> Schema:
    task = {
        "anyOf": [
            {"type": "string", "pattern": patterns.NAME},
            {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
        ]
    }
    named = object_schema({"id": task, "on": {"enum": [on.value for on in On]}}, required=["id"])
    return {"anyOf": [*task["anyOf"], named]}
