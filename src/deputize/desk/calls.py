"""Answers about tool calls: how far a yes goes, and who else asked the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.approval import Approval, ApprovalState, Reach, Subject, trusted_rule
from deputize.store import approvals, tasks, trust

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Transaction


def reach_of(asked: Approval, reach: Reach | None) -> Reach | None:
    """Return how far a yes goes; InvalidInput where it can't go that far."""
    if asked.about is not Subject.CALL:
        if reach is not None:
            hint = "leave out --for"
            raise InvalidInput(f"a{asked.id} is not about a tool call", hint=hint, field="for")
        return None
    if reach is Reach.RULE and asked.git_dir is None:
        hint = "approve it for the task"
        raise InvalidInput(f"a{asked.id} is of no repository", hint=hint, field="for")
    return reach or Reach.ONCE


def answer_alike(transaction: Transaction, answered: Approval, actor: str, now: datetime) -> None:
    """Answer, too, what is the same question: of its task, its plan, or its repository's rule."""
    if answered.reach == Reach.RULE and answered.git_dir and answered.rule:
        digest = trusted_rule(answered.rule)
        trust.trust(transaction, answered.git_dir, digest, by=actor, now=now)
    for other in approvals.unanswered(transaction):
        if other.about is Subject.CALL and _is_alike(transaction, other, answered):
            reach = Reach(answered.reach) if answered.reach else None
            state = ApprovalState(answered.state)
            approvals.answer(
                transaction, other, state, by=actor, words=answered.answer, now=now, reach=reach
            )


def _is_alike(transaction: Transaction, other: Approval, answered: Approval) -> bool:
    if answered.reach == Reach.RULE and other.git_dir == answered.git_dir:
        return other.rule == answered.rule
    if other.task == answered.task:
        return other.digest == answered.digest or (
            answered.reach == Reach.TASK and other.rule == answered.rule
        )
    return other.digest == answered.digest and _are_of_one_plan(transaction, other, answered)


def _are_of_one_plan(transaction: Transaction, other: Approval, answered: Approval) -> bool:
    if other.task is None or answered.task is None:
        return False
    plans = {tasks.get(transaction, each).plan for each in (other.task, answered.task)}
    return len(plans) == 1 and None not in plans
