"""Which agent does a task while a limit keeps its own from working. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deputize.model.barrier import Barrier
    from deputize.model.order import Barred
    from deputize.model.task import Task


class Substitute(NamedTuple):
    """An agent that may take over from the others of its list."""

    agent: str
    provider: str | None
    """What serves it; nothing where it works with a login of its own."""
    roles: tuple[str, ...] = ()
    """The roles that it takes; empty takes any."""
    not_roles: frozenset[str] = frozenset()
    """The roles whose rules it can't be held to."""

    def takes(self, role: str) -> bool:
        """Tell whether it may do a task of a role."""
        return role not in self.not_roles and (not self.roles or role in self.roles)


class Dry(NamedTuple):
    """What a limit closes for now."""

    agents: frozenset[str] = frozenset()
    providers: frozenset[str] = frozenset()


def dry(barriers: Iterable[Barrier]) -> Dry:
    """Return the agents and providers whose limit is reached."""
    # Settings name substitutes, and are read where every millisecond counts.
    from deputize.model.barrier import BarrierKind, Cause

    limits = [barrier for barrier in barriers if barrier.cause is Cause.LIMIT]
    return Dry(
        frozenset(one.name for one in limits if one.kind is BarrierKind.AGENT),
        frozenset(one.name for one in limits if one.kind is BarrierKind.PROVIDER),
    )


def open_ones(
    substitutes: Sequence[Substitute], barred: Barred, closed: Dry
) -> tuple[Substitute, ...]:
    """Return those that could take over now, in order."""
    return tuple(
        one
        for one in substitutes
        if one.agent not in barred.agents | closed.agents
        and one.provider not in barred.providers | closed.providers
    )


def is_dry(task: Task, closed: Dry) -> bool:
    """Tell whether a limit keeps a task's own agent from working."""
    return task.agent in closed.agents or task.provider in closed.providers


def substitute_for(task: Task, able: Iterable[Substitute]) -> Substitute | None:
    """Return the first that takes the task's role."""
    return next((one for one in able if one.takes(task.role)), None)
