"""Tool calls that a person has to allow: asked at once, waited for a while, then parked.

The question is open from the moment at which the agent wants the call, so that whoever sits at the
terminal answers while the agent waits. Where nobody does, the attempt parks, if its session can be
resumed: the slot is free, and the next attempt goes on with the answer. Another agent waits on.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio

from deputize.gate.ask import recorded
from deputize.model.agent import has_sessions
from deputize.model.approval import Approval, ApprovalState, Subject, answer_to, trusted_rule
from deputize.model.policy import Decision, Verdict
from deputize.store import approvals, attempts, trust
from deputize.worker.running import Stop

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.agents.base import Gate
    from deputize.gate.ask import Record
    from deputize.model.agent import AgentSettings
    from deputize.model.policy import Action
    from deputize.model.ruleset import PolicySettings
    from deputize.store.database import Database
    from deputize.worker.running import Running

LOOK_SECONDS = 1.0
"""How often the answer is looked for where nobody rings."""
SHOWN_CHARACTERS = 4000
"""A longer call is refused: nobody can allow what isn't shown to them whole."""


def digest_of(action: Action) -> str:
    """Return what stands for exactly this call."""
    told = [action.tool, action.name, action.arguments, action.command, action.paths]
    return hashlib.blake2b(json.dumps(told).encode(), digest_size=16).hexdigest()


def expire(database: Database, now: datetime) -> int:
    """Say no to what nobody has answered by its deadline; return how many that were."""
    with database.read() as transaction:
        if not approvals.overdue(transaction, now):
            return 0
    with database.write() as transaction:
        late = approvals.overdue(transaction, now)
        for asked in late:
            approvals.answer(
                transaction,
                asked,
                ApprovalState.DENIED,
                by="deadline",
                words="nobody answered in time",
                now=now,
            )
    return len(late)


def with_people(
    gate: Gate,
    running: Running,
    settings: AgentSettings,
    policy: PolicySettings,
    record: Record,
) -> Gate:
    """Return a gate that asks a person where the policy wants that, and records what they say."""
    can_park = has_sessions(running.steps.claim.task.agent, settings)
    person = _Person(running, policy, can_park=can_park)

    async def ask(action: Action) -> Decision:
        decision = await gate(action)
        if decision.verdict is not Verdict.ASK:
            return decision
        answered = await person.decide(action, decision)
        return await recorded(action, replace(answered, opens=decision.opens), record)

    return ask


class _Person:
    """Whoever answers the questions of one attempt."""

    def __init__(self, running: Running, policy: PolicySettings, *, can_park: bool) -> None:
        """Wait for answers as the policy says."""
        self._running = running
        self._steps = running.steps
        self._policy = policy
        self._can_park = can_park

    async def decide(self, action: Action, decision: Decision) -> Decision:
        """Return what a person says to a call; the attempt may be parked meanwhile."""
        shown = self._steps.redactor.redacted(_shown(action))
        if len(shown) > SHOWN_CHARACTERS:
            reason = f"{decision.reason}: the call is too long to be shown to one"
            return Decision(verdict=Verdict.DENY, rule=decision.rule, reason=reason)
        rule = self._steps.redactor.redacted(f"{decision.rule}: {decision.reason}")
        digest = digest_of(action)
        found = await self._steps.shop.in_store(self._answered_or_asked, digest, rule, shown)
        if found.state is ApprovalState.OPEN:
            self._steps.log.milestone(f"a{found.id} asks a person: {shown}")
            self._steps.shop.bells.ring()
            with self._running.waiting():
                found = await self._answer(found)
        return _decision_of(found)

    def _answered_or_asked(self, digest: str, rule: str, shown: str) -> Approval:
        shop, task = self._steps.shop, self._steps.claim.task
        with shop.database.write() as transaction:
            attempts.fenced(transaction, self._steps.claim.attempt)
            if task.git_dir and trust.will_be_trusted(
                transaction, task.git_dir, trusted_rule(rule)
            ):
                return self._question(digest, rule, shown, ApprovalState.APPROVED)
            asked = approvals.of_task(transaction, task.id)
            if answered := answer_to(asked, digest, rule):
                return answered
            for each in asked:
                if each.state is ApprovalState.OPEN and each.digest == digest:
                    return each
            question = self._question(digest, rule, shown, ApprovalState.OPEN)
            return approvals.ask(transaction, question, "gate", shop.now())

    def _question(self, digest: str, rule: str, shown: str, state: ApprovalState) -> Approval:
        task, now = self._steps.claim.task, self._steps.shop.now()
        return Approval(
            id=0,
            about=Subject.CALL,
            subject=f"{shown} (#{task.id}, {task.agent})",
            digest=digest,
            task=task.id,
            change=None,
            git_dir=task.git_dir,
            reason=rule,
            risk="high",
            state=state,
            asked_at=now,
            deadline_at=_deadline(now, self._policy.answer_seconds),
            answered_at=None,
            answered_by=None,
            answer=None,
            rule=rule,
        )

    async def _answer(self, asked: Approval) -> Approval:
        """Wait for an answer; park where that takes long."""
        began = anyio.current_time()
        while asked.state is ApprovalState.OPEN:
            await self._steps.shop.bells.wait(LOOK_SECONDS)
            asked = await self._steps.shop.in_store(self._look, asked.id)
            patient = anyio.current_time() - began < self._policy.wait_seconds
            if not patient and self._may_park() and asked.state is ApprovalState.OPEN:
                self._steps.question = asked
                self._running.halt(Stop.ASKED)
                await anyio.sleep_forever()
        return asked

    def _may_park(self) -> bool:
        return self._can_park and self._running.session is not None

    def _look(self, number: int) -> Approval:
        with self._steps.shop.database.read() as transaction:
            return approvals.get(transaction, number)


def _deadline(now: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _shown(action: Action) -> str:
    """Return the whole of a call, for people."""
    return f"{action.tool}: {action.command or action.arguments or action.summary}"


def _decision_of(answered: Approval) -> Decision:
    who = answered.answered_by or "a rule that a person has approved"
    rule = f"a{answered.id}" if answered.id else "trusted"
    if answered.state is ApprovalState.APPROVED:
        return Decision(verdict=Verdict.ALLOW, rule=rule, reason=f"{who} allowed it")
    said = (
        f"{who} said no" if answered.state is ApprovalState.DENIED else "nobody is asked any more"
    )
    reason = f"{said}: {answered.answer}" if answered.answer else said
    return Decision(verdict=Verdict.DENY, rule=rule, reason=reason)
