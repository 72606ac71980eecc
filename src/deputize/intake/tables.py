"""Objects of JSON whose fields are known: any other is refused, with the nearest that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.incoming import object_of, shown
from deputize.intake.fields import FIELDS, Field

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
_DEFAULT_NAMES = frozenset(field.name for field in DEFAULTS)


def table_of(document: object, where: str, known: Iterable[Field | str]) -> dict[str, object]:
    """Take an object that has no other fields than those that are known."""
    names = [field if isinstance(field, str) else field.name for field in known]
    if not where and isinstance(document, dict):
        _refuse_outside_of_defaults(document, names)
    return object_of(document, where, names, meant=_MEANT, called="the plan")


def _refuse_outside_of_defaults(document: Iterable[str], names: list[str]) -> None:
    first = next((name for name in document if name not in names), None)
    if first in _DEFAULT_NAMES:
        hint = f"`defaults` says it for all tasks: {{{shown('defaults')}: {{{shown(first)}: …}}}}"
        raise InvalidInput(f"{first}: unknown field", hint=hint)
