"""Draw what needs what: a line of rails in front of each task, from top to bottom. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

NODE = "●"
WIDEST = 24
"""Rails beside each other; where there would be more, nothing is drawn but the tasks."""


def rails(needs: Sequence[Sequence[int]]) -> list[str]:
    """Return the rails of each row, given the earlier rows that it needs; all equally wide.

    A rail runs from a task down to the last one that needs it.
    """
    last = {need: row for row, needed in enumerate(needs) for need in needed}
    track = _Track(last=last)
    lines = [track.row(row, needed) for row, needed in enumerate(needs)]
    width = max(map(len, lines), default=0)
    if width > 2 * WIDEST:
        return [NODE] * len(lines)
    return [line.ljust(width) for line in lines]


@dataclass(slots=True, kw_only=True)
class _Track:
    """Which task's rail is in which column, from the left."""

    last: dict[int, int]
    """For each task that is needed, the last row that needs it."""
    columns: list[int | None] = field(default_factory=list)

    def row(self, row: int, needed: Sequence[int]) -> str:
        """Draw a row: its task, and how the rails of its needs come in."""
        joined = {self.columns.index(need) for need in needed}
        ending = {column for column in joined if self._ends(column, row)}
        at = min(ending) if ending else self._free()
        span = range(min(joined | {at}), max(joined | {at}))
        drawn = "".join(
            self._sign(column, at, joined, ending, span) + ("─" if column in span else " ")
            for column in range(len(self.columns))
        )
        for column in ending:
            self.columns[column] = None
        self.columns[at] = row if row in self.last else None
        return drawn.rstrip()

    def _ends(self, column: int, row: int) -> bool:
        need = self.columns[column]
        return need is not None and self.last[need] == row

    def _free(self) -> int:
        """Return a column without a rail, a new one where there is none."""
        if None not in self.columns:
            self.columns.append(None)
        return self.columns.index(None)

    def _sign(self, column: int, at: int, joined: set[int], ending: set[int], span: range) -> str:
        if column == at:
            return NODE
        if column not in joined:
            rail = "│" if self.columns[column] is not None else " "
            return "─" if rail == " " and column in span else rail
        if column == span.start:
            return "╰" if column in ending else "├"
        if column == span.stop:
            return "╯" if column in ending else "┤"
        return "┴" if column in ending else "┼"
