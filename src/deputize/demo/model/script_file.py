"""Scripts as JSON: one object per scene, turn, step and fault, with a `kind` where several fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import TYPE_CHECKING

from deputize.demo.model.script import (
    CallTool,
    CutStream,
    EditFile,
    ErrorReply,
    FetchAddress,
    Hang,
    ReadFile,
    RunShell,
    Scene,
    Script,
    Turn,
    WriteFile,
)
from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import DataclassInstance

KINDS: Mapping[str, type] = {
    "write_file": WriteFile,
    "edit_file": EditFile,
    "read_file": ReadFile,
    "fetch_address": FetchAddress,
    "run_shell": RunShell,
    "call_tool": CallTool,
    "error": ErrorReply,
    "hang": Hang,
    "cut_stream": CutStream,
}
NAMES = {kind: name for name, kind in KINDS.items()}

Reader = Callable[[object, str], object]


def dump_script(script: Script) -> str:
    """Write a script as JSON that `load_script` reads back equal; defaults are left out."""
    return json.dumps(_plain(script), indent=2) + "\n"


def load_script(text: str) -> Script:
    """Read a script from JSON; what doesn't fit raises `InvalidInput` naming its place."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(f"the script is not JSON: {exc}") from exc
    script = _record(Script)(value, "script")
    if not isinstance(script, Script):
        raise InvalidInput("that is not a script")
    return script


def load_script_file(path: Path) -> Script:
    """Read a script from a file; raises `InvalidInput` where it can't be read or is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InvalidInput(f"the script {path} can't be read: {exc}") from exc
    return load_script(text)


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        kind = NAMES.get(type(value))
        return ({"kind": kind} if kind else {}) | _told(value)
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _told(value: DataclassInstance) -> dict[str, object]:
    """Return the fields of a dataclass that aren't at their default."""
    held = {field: getattr(value, field.name) for field in fields(value)}
    return {field.name: _plain(item) for field, item in held.items() if item != field.default}


def _text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"{place} must be a text")
    return value


def _whole(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(f"{place} must be a whole number")
    return value


def _number(value: object, place: str) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidInput(f"{place} must be a number")
    return value


def _arguments(value: object, place: str) -> object:
    return value if isinstance(value, str) else _object(value, place)


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput(f"{place} must be an object")
    return value


def _optional(reader: Reader) -> Reader:
    return lambda value, place: None if value is None else reader(value, place)


def _list_of(reader: Reader) -> Reader:
    def read(value: object, place: str) -> object:
        if not isinstance(value, list):
            raise InvalidInput(f"{place} must be a list")
        return tuple(reader(item, f"{place}[{index}]") for index, item in enumerate(value))

    return read


def _record(kind: type) -> Reader:
    """Return a reader of an object into the dataclass `kind`."""

    def read(value: object, place: str) -> object:
        given = _object(value, place)
        known: dict[str, Field[object]] = {field.name: field for field in fields(kind)}
        for name in given:
            if name not in known:
                raise InvalidInput(f"{place} has an unknown key {name!r}")
        for name, field in known.items():
            if field.default is MISSING and name not in given:
                raise InvalidInput(f"{place} lacks {name!r}")
        return kind(
            **{name: READERS[name](item, f"{place}.{name}") for name, item in given.items()}
        )

    return read


def _one_of(*names: str) -> Reader:
    """Return a reader of an object whose `kind` is one of `names`."""

    def read(value: object, place: str) -> object:
        given = dict(_object(value, place))
        name = given.pop("kind", None)
        if not isinstance(name, str) or name not in names:
            raise InvalidInput(f"{place}.kind must be one of {', '.join(names)}")
        return _record(KINDS[name])(given, place)

    return read


# A field's name means the same in every dataclass of a script, so one table reads them all.
READERS: Mapping[str, Reader] = {
    "scenes": _list_of(_record(Scene)),
    "turns": _list_of(_record(Turn)),
    "steps": _list_of(
        _one_of("write_file", "edit_file", "read_file", "fetch_address", "run_shell", "call_tool")
    ),
    "fault": _optional(_one_of("error", "hang", "cut_stream")),
    "arguments": _arguments,
    "wait_for": _optional(_text),
    "status": _whole,
    "after_events": _whole,
    "times": _optional(_whole),
    "retry_after_seconds": _optional(_whole),
    "reset_after_seconds": _optional(_whole),
    "delay_seconds": _number,
    "word_seconds": _number,
} | dict.fromkeys(
    ("name", "contains", "say", "path", "content", "old", "new", "command", "url", "message"), _text
)
