"""Objects of JSON whose fields are known: any other is refused, with the nearest that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.intake.fields import FIELDS, Field
from deputize.intake.values import shown, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULTS = tuple(field for field in FIELDS if field.has_default)
"""What a plan may say once for all its tasks."""
_MEANT = {
    **dict.fromkeys(("after", "depends_on", "dependencies", "depends", "requires"), "needs"),
    **dict.fromkeys(("description", "text", "instructions"), "prompt"),
    **dict.fromkeys(("in_place", "read_only", "scratch"), "place"),
    "hold": "held",
    "check": "checks",
    "id": "name",
    "branch": "target",
    "tests": "checks",
}
"""Names that other programs, or our own options, have for fields."""


def table_of(document: object, where: str, known: Iterable[Field | str]) -> dict[str, object]:
    """Take an object that has no other fields than those that are known."""
    if not isinstance(document, dict):
        raise wrong(where or "the plan", "an object", document)
    names = [field if isinstance(field, str) else field.name for field in known]
    for name in document:
        if name not in names:
            raise _unknown(where, name, names)
    return document


def _unknown(where: str, name: str, names: list[str]) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(name, names, n=1)
    meant = _MEANT.get(name)
    if not where and name in {field.name for field in DEFAULTS}:
        hint = f"`defaults` says it for all tasks: {{{shown('defaults')}: {{{shown(name)}: …}}}}"
    elif near or meant in names:
        hint = f"did you mean `{near[0] if near else meant}`?"
    else:
        hint = f"known: {', '.join(names)}"
    place = f"{where}.{name}" if where else name
    return InvalidInput(f"{place}: unknown field", hint=hint)
