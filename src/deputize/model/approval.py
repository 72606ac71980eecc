"""An approval: a person's answer, or the question that waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class ApprovalState(StrEnum):
    """Where the question stands."""

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"


class Subject(StrEnum):
    """What a question is about."""

    CHANGE = "change"
    TRUST = "trust"
    BUDGET = "budget"
    CALL = "call"


class Reach(StrEnum):
    """How far a yes to a tool call goes."""

    ONCE = "once"
    """Exactly this call, in this task."""
    TASK = "task"
    """Whatever the same rule asks in the same words, in this task."""
    RULE = "rule"
    """The same in every task of the repository, from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to a person, as it stands in the store. Shown as `a3`."""

    id: int
    about: Subject
    subject: str
    """For people: `change c7 of #12`, `commands of deputize.toml in PATH`."""
    digest: str
    """What exactly is approved: a tree, a hash of the commands, an account."""
    task: int | None
    change: int | None
    git_dir: str | None
    reason: str
    risk: str
    state: ApprovalState
    asked_at: datetime
    deadline_at: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    answer: str | None
    """The person's words, where there were any."""
    rule: str | None = None
    """Of a tool call: the rule that wants a person to be asked, and its words."""
    reach: str | None = None
    """Of a tool call that was approved: how far that goes."""
    consents: tuple[str, ...] = ()
    """Who has said yes so far, where it takes more than one."""


def answer_to(asked: Iterable[Approval], digest: str, rule: str) -> Approval | None:
    """Return the last answer that a person gave to a tool call in a task, if one did."""
    found = None
    for each in asked:
        if each.about is not Subject.CALL or each.state in {
            ApprovalState.OPEN,
            ApprovalState.WITHDRAWN,
        }:
            continue
        reaches = each.reach in {Reach.TASK, Reach.RULE} and each.rule == rule
        if each.digest == digest or reaches:
            found = each
    return found


def trusted_rule(rule: str) -> str:
    """Return what stands for a rule whose calls are allowed in a repository from now on."""
    import hashlib

    return hashlib.blake2b(f"call:{rule}".encode(), digest_size=16).hexdigest()
