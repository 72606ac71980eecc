"""Reading JSON that anybody may have sent: what has the wrong type counts as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_PARTS = ("text", "input_text", "output_text")


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def an_object(value: object) -> dict[str, object]:
    """Return an object, or an empty one."""
    return value if is_object(value) else {}


def objects(value: object) -> list[dict[str, object]]:
    """Return the objects of a list."""
    return [item for item in value if is_object(item)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a string, or an empty one."""
    return value if isinstance(value, str) else ""


def text_of_parts(content: object) -> str:
    """Return the text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = [part for part in objects(content) if part.get("type") in TEXT_PARTS]
    return "\n".join(text(part.get("text")) for part in parts)


def required_list(body: Mapping[str, object], key: str) -> list[dict[str, object]]:
    """Return the objects of a list that must be there, else raise `InvalidInput`."""
    value = body.get(key)
    if not isinstance(value, list):
        raise InvalidInput(f"{key} must be a list")
    return objects(value)
