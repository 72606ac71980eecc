"""Checks of agents: rows and values; whether an agent's version obeyed the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.model.agent_check import AgentCheck, Canary, CheckStep, StepDone, StepState
from deputize.model.event import Event
from deputize.store import journal
from deputize.store.rows import from_json, maybe, number, text, to_json, to_moment, to_text, to_word

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.store.database import Row, Transaction


def insert(transaction: Transaction, check: AgentCheck, now: datetime) -> None:
    """Write down what a check found, with the event."""
    transaction.run(
        "agent_checks.insert",
        agent=check.agent,
        kind=check.kind,
        version=check.version or "",
        path=check.path,
        host=check.host,
        login=check.login,
        canary=check.canary,
        steps=to_json([_written(done) for done in check.steps]),
        checked_at=to_text(check.checked_at),
        milliseconds=check.milliseconds,
        by=check.by,
    )
    body = {
        "agent": check.agent,
        "version": check.version,
        "login": check.login,
        "canary": check.canary,
        "steps": {done.step: done.state for done in check.steps},
    }
    told = {name: value for name, value in body.items() if value is not None}
    journal.append(transaction, Event(kind="agent.checked", actor=check.by, body=told), now)


def latest(
    transaction: Transaction, agent: str, version: str | None, host: str
) -> AgentCheck | None:
    """Return the newest check of an agent's version on a machine."""
    found = {"agent": agent, "version": version or "", "host": host}
    row = transaction.one("agent_checks.latest", **found)
    return None if row is None else _check_of(row)


def has_failed(transaction: Transaction, agent: str) -> bool:
    """Tell whether any canary of an agent ever failed: then its version has to be looked at."""
    return transaction.one("agent_checks.failed", agent=agent) is not None


def canary_of(
    transaction: Transaction, agent: str, version: str | None, host: str
) -> Canary | None:
    """Return how the newest canary of an agent's version ended; None where there was none.

    A known version is the same program on every machine, one that is not known only on its own.
    """
    found = {"agent": agent, "version": version or "", "host": host}
    row = transaction.one("agent_checks.canary", **found)
    return None if row is None else to_word(Canary, row["canary"])


def _check_of(row: Row) -> AgentCheck:
    canary = maybe(row, "canary")
    return AgentCheck(
        id=number(row, "id"),
        agent=text(row, "agent"),
        kind=text(row, "kind"),
        version=text(row, "version") or None,
        path=maybe(row, "path"),
        host=text(row, "host"),
        login=text(row, "login"),
        canary=None if canary is None else to_word(Canary, canary),
        steps=[_read(step) for step in cast("list[dict[str, object]]", from_json(row["steps"]))],
        checked_at=to_moment(row["checked_at"]),
        milliseconds=number(row, "milliseconds"),
        by=text(row, "by"),
    )


def _written(done: StepDone) -> dict[str, object]:
    return {
        "step": done.step,
        "state": done.state,
        "text": done.text,
        "milliseconds": done.milliseconds,
    }


def _read(step: dict[str, object]) -> StepDone:
    return StepDone(
        step=to_word(CheckStep, str(step["step"])),
        state=to_word(StepState, str(step["state"])),
        text=str(step["text"]),
        milliseconds=int(str(step["milliseconds"])),
    )
