"""What an attempt may see and write, as a value: of two rules the deeper one holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Access(Enum):
    """What may be done below a path."""

    HIDDEN = "hidden"
    """It looks empty."""
    READABLE = "readable"
    WRITABLE = "writable"
    LAYERED = "layered"
    """All that is there is readable; what is made beside it goes with the sandbox."""
    PRIVATE = "private"
    """An empty folder in its place that goes with the sandbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What holds for a path and for all below it, until a deeper rule says otherwise."""

    path: Path
    access: Access


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """All that holds for the programs of one attempt. What no rule names is readable."""

    rules: tuple[Rule, ...] = ()
    """Of two for the same path the later one holds."""
    temporary: Path
    """A folder of its own, there inside and outside, that goes with it."""
    nests: bool = False
    """Whether programs inside may make user namespaces: those that have a sandbox of their own."""

    def granting(
        self,
        *,
        hide: Iterable[Path] = (),
        read: Iterable[Path] = (),
        write: Iterable[Path] = (),
        nests: bool = False,
    ) -> Confinement:
        """Return one in which these hold too, over what held before."""
        told = ((hide, Access.HIDDEN), (read, Access.READABLE), (write, Access.WRITABLE))
        more = (Rule(path=path, access=access) for paths, access in told for path in paths)
        return replace(self, rules=(*self.rules, *more), nests=self.nests or nests)
