"""The JSON Schema (draft 2020-12) of a change request, made from the tables of `shape.py`.

What takes more than a look at one value is not in it: names that fold to `.git`, two operations on
one file, hashes of content, the inside of a patch, and sizes in bytes.
"""

from __future__ import annotations

from deputize.changes import shape
from deputize.changes.paths import PATH_BYTES
from deputize.changes.reading import LARGEST_ID
from deputize.changes.shape import ABOUT, OPERATIONS, TEXT_LENGTH
from deputize.incoming import DRAFT, TEXT, Schema, object_schema
from deputize.model.change import Operation
from deputize.model.change_request import FILE_MODES, MOST_OPERATIONS, REQUEST_SCHEMA

PATH = (
    r"^(?!/)(?![A-Za-z]:)(?!(?:[\s\S]*/)?\.{0,2}(?:/|(?!\n)$))"
    r"[^\u0000-\u001f\u007f\\\ud800-\udfff]+(?!\n)$"
)
"""A path from the top of the repository, without empty parts and steps up."""
_CONTENT: Schema = {"type": "string", "maxLength": shape.CONTENT_BYTES, "pattern": TEXT}
_SHORT: Schema = {"type": "string", "minLength": 1, "maxLength": TEXT_LENGTH, "pattern": TEXT}
_PATH: Schema = {"type": "string", "maxLength": PATH_BYTES, "pattern": PATH}
_HASH: Schema = {"type": "string", "pattern": shape.HASH}
_VALUES: dict[str, Schema] = {
    "path": _PATH,
    "from": _PATH,
    "content": _CONTENT,
    "patch": _CONTENT,
    "before": _HASH,
    "after": _HASH,
    "mode": {"enum": list(FILE_MODES)},
}


def change_schema(*, least: int = 1) -> Schema:
    """Describe a change request of at `least` so many operations; as an answer it may have none."""
    signature = object_schema(_described("key", "value", value=_SHORT), ["key", "value"])
    properties = {
        "schema": {"const": REQUEST_SCHEMA},
        "task": _or_null({"type": "integer", "minimum": 1, "maximum": LARGEST_ID}),
        "repo": _or_null(_SHORT),
        "base": _or_null({"type": "string", "pattern": shape.COMMIT}),
        "target": _or_null(_SHORT),
        "author": _or_null(_SHORT),
        "title": _or_null(_SHORT),
        "operations": {
            "type": "array",
            "minItems": least,
            "maxItems": MOST_OPERATIONS,
            "items": {"oneOf": [_operation(op) for op in Operation]},
        },
        "signature": _or_null(signature),
    }
    told = {name: {"description": ABOUT[name], **value} for name, value in properties.items()}
    return {
        "$schema": DRAFT,
        "title": "a change request: what is to happen to files, compared with one commit",
        **object_schema(told, required=["schema", "operations"]),
    }


def _operation(op: Operation) -> Schema:
    fields = OPERATIONS[op]
    names = [name for name in shape.fields_of(op) if name != "op"]
    properties = {"op": {"const": op.value}} | _described(*names)
    found = {
        "description": fields.about,
        **object_schema(properties, required=["op", "path", *fields.needed]),
    }
    if fields.needs_one:
        found["oneOf"] = [{"required": [name]} for name in fields.one_of]
    elif fields.one_of:
        found["not"] = {"required": list(fields.one_of)}
    return found


def _described(*names: str, value: Schema | None = None) -> dict[str, Schema]:
    return {name: {"description": ABOUT[name], **(value or _VALUES[name])} for name in names}


def _or_null(value: Schema) -> Schema:
    return {"anyOf": [value, {"type": "null"}]}
