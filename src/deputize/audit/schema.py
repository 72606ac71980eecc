"""The JSON Schema (draft 2020-12) of an entry of the audit trail, as its files have it."""

from __future__ import annotations

from deputize.incoming import DRAFT, Schema, object_schema
from deputize.model.event import EVENT_KINDS
from deputize.model.policy import Tool, Verdict

_TEXT: Schema = {"type": "string"}
_MAYBE_TEXT: Schema = {"type": ["string", "null"]}
_NUMBER: Schema = {"type": "integer", "minimum": 1}
_MAYBE_NUMBER: Schema = {"type": ["integer", "null"], "minimum": 0}
_BODIES: dict[str, dict[str, Schema]] = {
    "attempt.prompted": {
        "agent": _TEXT,
        "prompt": _TEXT,
        "session": _MAYBE_TEXT,
        "model": _MAYBE_TEXT,
        "provider": _MAYBE_TEXT,
    },
    "attempt.tool_decided": {
        "tool": {"enum": list(Tool)},
        "name": _TEXT,
        "what": _TEXT,
        "verdict": {"enum": list(Verdict)},
        "rule": _TEXT,
        "reason": _TEXT,
        "session": _MAYBE_TEXT,
        "arguments": _TEXT,
    },
    "attempt.tool_finished": {
        "call": _TEXT,
        "name": _TEXT,
        "what": _MAYBE_TEXT,
        "ok": {"type": ["boolean", "null"]},
        "denied": {"type": "boolean"},
        "output": _TEXT,
        "elapsed_ms": _MAYBE_NUMBER,
        "session": _MAYBE_TEXT,
    },
}
"""What is in the bodies that have all of it each time; other kinds have what there is to say."""
_LATER = frozenset({"session", "arguments"})
"""What an answer of an earlier version doesn't have."""


def entry_schema() -> Schema:
    """Describe an entry; `seq` and `hash` are null until it is sealed."""
    properties: Schema = {
        "id": _NUMBER,
        "seq": {"type": ["integer", "null"], "minimum": 1},
        "hash": {"type": ["string", "null"], "pattern": "^[0-9a-f]{64}$"},
        "at": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$"},
        "kind": {"enum": sorted(EVENT_KINDS)},
        "actor": {"type": "string", "minLength": 1},
        **dict.fromkeys(("task", "attempt", "change", "approval"), _MAYBE_NUMBER),
        "worker": _MAYBE_TEXT,
        "body": {"type": "object"},
    }
    whole = object_schema(properties, properties)
    return {"$schema": DRAFT, "title": "entry", **whole, "allOf": list(map(_of_kind, _BODIES))}


def _of_kind(kind: str) -> Schema:
    body = _BODIES[kind]
    required = [name for name in body if name not in _LATER]
    return {
        "if": {"properties": {"kind": {"const": kind}}},
        "then": {"properties": {"body": object_schema(dict(body), required)}},
    }
