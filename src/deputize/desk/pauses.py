"""Verbs that pause what starts: everything, a role, an agent, a provider, a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.config.settings import BUILT_IN_ROLES
from deputize.desk.bells import ring
from deputize.errors import InvalidInput
from deputize.model.agent import BUILT_IN_AGENTS
from deputize.model.gate import Cause, Gate, GateKind
from deputize.store import gates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.desk.context import Desk


def closed(desk: Desk) -> list[Gate]:
    """Return what is closed now, by people and by providers' limits."""
    with desk.database.read() as transaction:
        return gates.closed(transaction, desk.clock.now())


def pause(desk: Desk, kind: GateKind, name: str, reason: str | None = None) -> Gate:
    """Start no more tasks behind a gate; what runs goes on. Pausing again changes nothing."""
    _require_known(desk, kind, name)
    now = desk.clock.now()
    gate = Gate(
        kind=kind,
        name=name,
        cause=Cause.PERSON,
        since=now,
        until=None,
        by=desk.actor,
        reason=reason,
    )
    with desk.database.write() as transaction:
        there = _find(gates.closed(transaction, now), gate)
        if there is None:
            gates.close(transaction, gate, now)
    return there or gate


def resume(desk: Desk, kind: GateKind, name: str) -> bool:
    """Open a gate, one that a provider's limit closed too; tell whether it was closed."""
    now, opened = desk.clock.now(), False
    with desk.database.write() as transaction:
        for cause in Cause:
            found = gates.reopen(transaction, kind, name, cause, by=desk.actor, now=now)
            opened = opened or found
    ring(desk)
    return opened


def _find(found: Iterable[Gate], wanted: Gate) -> Gate | None:
    names = (wanted.kind, wanted.name, wanted.cause)
    return next((gate for gate in found if (gate.kind, gate.name, gate.cause) == names), None)


def _require_known(desk: Desk, kind: GateKind, name: str) -> None:
    """Refuse what no task could be behind: a pause that was mistyped would pause nothing."""
    config = load_config(desk.home.config)
    known = {
        GateKind.ROLE: {*config.roles, *BUILT_IN_ROLES},
        GateKind.AGENT: {*config.agents, *BUILT_IN_AGENTS},
        GateKind.PROVIDER: set(config.providers),
    }.get(kind)
    if known is not None and name not in known:
        listed = ", ".join(sorted(known)) or "none is configured"
        raise InvalidInput(f"unknown {kind} {name!r}", hint=f"known: {listed}")
