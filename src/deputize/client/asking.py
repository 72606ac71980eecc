"""What may be said of a task, and how Python's values are said in JSON.

The fields are those of a task in a plan: one table, in `intake`, checks them for every door.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from deputize.errors import InvalidInput
from deputize.model.need import Need

DEEPEST = 20
"""How many lists and mappings may stand in one another."""


class TaskFields(TypedDict, total=False):
    """What may be said of a task besides its prompt; None is as if it were not said."""

    title: str | None
    role: str
    kind: str | None
    priority: int
    agent: str | None
    model: str | None
    provider: str | None
    session: str | None
    key: str | None
    needs: Sequence[int | Need | Mapping[str, object]]
    not_before: datetime | str | None
    held: bool
    timeout: timedelta | int | str | None
    idle_timeout: timedelta | int | str | None
    attempts: int | None
    budget_tokens: int | None
    budget_usd: float | None
    place: str
    output: str | None
    repo: str | os.PathLike[str] | None
    target: str | None
    base: str | None
    scope: Sequence[str]
    commands: Sequence[str]
    checks: Sequence[str]
    labels: Sequence[str]
    lock: str | None


class Wanted(TypedDict, total=False):
    """What a listing is narrowed to."""

    state: str | None
    role: str | None
    agent: str | None
    label: str | None
    reason: str | None
    since: datetime | None
    plan: int | None
    limit: int


def document_of(fields: Mapping[str, object]) -> dict[str, object]:
    """Return what was said, as JSON has it; what is no such value is left for the reader."""
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def content_of(plan: Mapping[str, object]) -> bytes:
    """Write a plan as JSON; InvalidInput where something in it can't be."""
    try:
        return json.dumps(_plain(plan)).encode()
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"the plan can't be written as JSON: {error}") from error


def _plain(value: object, depth: int = 0) -> object:
    if isinstance(value, Need):
        return {"id": value.id, "on": str(value.on)}
    if isinstance(value, Mapping | list | tuple):
        return _plain_inside(value, depth + 1)
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _plain_inside(
    value: Mapping[object, object] | list[object] | tuple[object, ...], depth: int
) -> object:
    if depth > DEEPEST:
        raise InvalidInput("lists and mappings stand in one another too deep")
    if isinstance(value, Mapping):
        return {str(key): _plain(each, depth) for key, each in value.items()}
    return [_plain(each, depth) for each in value]
