"""What was decided is what is opened: paths are looked at again once all who decide have answered.

Hooks and people take their time, and an agent's other processes go on meanwhile: a link that is put
in a path's place would lead the call elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.gate.ask import resolve
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.gate.ask import Record
    from deputize.model.policy import Action

    Ask = Callable[[Action], Awaitable[Decision]]


def steady(gate: Ask, workspace: str, record: Record) -> Ask:
    """Return a gate that takes its yes back where a path leads elsewhere by now."""

    async def ask(action: Action) -> Decision:
        decision = await gate(action)
        if decision.verdict is not Verdict.ALLOW or leads_there(decision, workspace):
            return decision
        reason = "a path leads elsewhere than when it was decided"
        moved = Decision(verdict=Verdict.DENY, rule="moved", reason=reason)
        with suppress(Exception):  # it is a no, whether that is on record or not
            await record(action, moved)
        return moved

    return ask


def leads_there(decision: Decision, workspace: str) -> bool:
    """Tell whether each path still leads where it did when it was decided."""
    try:
        return all(resolve(path, workspace) == place for path, place in decision.opens)
    except (OSError, RuntimeError, ValueError):
        return False
