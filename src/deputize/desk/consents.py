"""Whose yes a question needs, as the settings of its repository say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.desk.settings import settings_of
from deputize.errors import Denied
from deputize.landing.route import touched_by
from deputize.model.consent import may_say_yes, still_missing
from deputize.store import approvals, changes, tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.model.approval import Approval
    from deputize.model.consent import ApprovalRule
    from deputize.store.database import Transaction


def rules_for(desk: Desk, approval_id: int) -> list[ApprovalRule]:
    """Return the rules that hold for a question; NotFound, or ConfigError in its settings."""
    with desk.database.read() as transaction:
        asked = approvals.get(transaction, approval_id)
        task = None if asked.task is None else tasks.get(transaction, asked.task)
        change = None if asked.change is None else changes.get(transaction, asked.change)
    touched = [] if change is None else touched_by(change)
    rules = settings_of(desk.home, task).approvals
    return [rule for rule in rules if rule.holds_for(asked.about, touched)]


def require_right(desk: Desk, rules: list[ApprovalRule]) -> None:
    """Raise Denied where who asks may not say yes."""
    if why := may_say_yes(rules, person_of(desk.actor)):
        raise Denied(why, hint="`deputize approvals` shows what waits; ask one of them")


def incomplete(
    transaction: Transaction, asked: Approval, rules: list[ApprovalRule], by: str, now: datetime
) -> Approval | None:
    """Note a yes that is not enough yet, and return the question; None where it is enough."""
    said = {*asked.consents, by}
    missing = still_missing(rules, [person_of(each) for each in sorted(said)])
    if missing is None:
        return None
    if by in asked.consents:
        raise Denied(f"you have said yes to a{asked.id} already", hint=missing)
    return approvals.consent(transaction, asked, by=by, missing=missing, now=now)


def person_of(actor: str) -> str:
    """Return the name of a person without the word before it."""
    return actor.removeprefix("person:")
