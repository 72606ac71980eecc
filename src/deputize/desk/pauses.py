"""Verbs that pause what starts: everything, a role, an agent, a provider, a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.agents import agent_names
from deputize.config.load import load_config
from deputize.config.settings import BUILT_IN_ROLES
from deputize.desk.bells import ring
from deputize.errors import InvalidInput
from deputize.model.barrier import Barrier, BarrierKind, Cause
from deputize.store import barriers, plans

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.desk.context import Desk


def closed(desk: Desk) -> list[Barrier]:
    """Return what is closed now, by people and by providers' limits."""
    with desk.database.read() as transaction:
        return barriers.closed(transaction, desk.clock.now())


def pause(desk: Desk, kind: BarrierKind, name: str, reason: str | None = None) -> Barrier:
    """Start no more tasks behind a barrier; what runs goes on. Pausing again changes nothing."""
    _require_known(desk, kind, name)
    now = desk.clock.now()
    barrier = Barrier(
        kind=kind,
        name=name,
        cause=Cause.PERSON,
        since=now,
        until=None,
        by=desk.actor,
        reason=reason,
    )
    with desk.database.write() as transaction:
        there = _find(barriers.closed(transaction, now), barrier)
        if there is None:
            barriers.close(transaction, barrier, now)
    return there or barrier


def resume(desk: Desk, kind: BarrierKind, name: str) -> bool:
    """Open a barrier, one that a provider's limit closed too; tell whether it was closed."""
    now, opened = desk.clock.now(), False
    with desk.database.write() as transaction:
        for cause in Cause:
            found = barriers.reopen(transaction, kind, name, cause, by=desk.actor, now=now)
            opened = opened or found
    ring(desk)
    return opened


def _find(found: Iterable[Barrier], wanted: Barrier) -> Barrier | None:
    names = (wanted.kind, wanted.name, wanted.cause)
    return next(
        (barrier for barrier in found if (barrier.kind, barrier.name, barrier.cause) == names), None
    )


def _require_known(desk: Desk, kind: BarrierKind, name: str) -> None:
    """Refuse what no task could be behind: a pause that was mistyped would pause nothing."""
    if kind is BarrierKind.PLAN:
        with desk.database.read() as transaction:
            plans.get(transaction, int(name))
        return
    config = load_config(desk.home.config)
    known = {
        BarrierKind.ROLE: {*config.roles, *BUILT_IN_ROLES},
        BarrierKind.AGENT: set(agent_names(config.agents)),
        BarrierKind.PROVIDER: set(config.providers),
    }.get(kind)
    if known is not None and name not in known:
        listed = ", ".join(sorted(known)) or "none is configured"
        raise InvalidInput(f"unknown {kind} {name!r}", hint=f"known: {listed}")
