"""Whose yes a question needs: rules about who may approve what, and how many it takes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence


class ApprovalRule(NamedTuple):
    """One `[[approvals]]` table. An empty list restricts nothing."""

    name: str | None = None
    about: tuple[str, ...] = ()
    """What it holds for: `change`, `trust`, `budget`, `call`."""
    paths: tuple[str, ...] = ()
    """Only for changes that touch one of these."""
    people: tuple[str, ...] = ()
    """Only these may say yes."""
    approvers: int = 1
    """How many have to."""

    def holds_for(self, about: str, touched: Iterable[str]) -> bool:
        """Tell whether it holds for a question; `touched` are the paths of its change."""
        from fnmatch import fnmatchcase

        if self.about and about not in self.about:
            return False
        if not self.paths:
            return True
        return any(fnmatchcase(path, pattern) for path in touched for pattern in self.paths)

    @property
    def asks_for_changes(self) -> bool:
        """Tell whether a change that it holds for has to be asked about."""
        return bool(self.paths or self.people or self.approvers > 1) and (
            not self.about or "change" in self.about
        )

    @property
    def label(self) -> str:
        """Name it for people."""
        return self.name or f"approval of {', '.join(self.paths or self.about or ('anything',))}"


def may_say_yes(rules: Sequence[ApprovalRule], person: str) -> str | None:
    """Say which rule keeps a person from saying yes; None where none does."""
    for rule in rules:
        if rule.people and person not in rule.people:
            return f"{rule.label}: only {', '.join(rule.people)} may say yes"
    return None


def still_missing(rules: Sequence[ApprovalRule], said_yes: Collection[str]) -> str | None:
    """Say what is still missing once these have said yes; None where that is enough."""
    for rule in rules:
        counted = [person for person in said_yes if not rule.people or person in rule.people]
        lacking = rule.approvers - len(counted)
        if lacking > 0:
            whom = f" of {', '.join(rule.people)}" if rule.people else ""
            return f"{rule.label}: {lacking} more{whom} has to say yes"
    return None
