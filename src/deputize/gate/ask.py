"""The gate of one attempt: resolve the paths, decide, and put the answer on record first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.gate.decide import decide
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.gate.decide import Bounds
    from deputize.model.policy import Action

    Record = Callable[[Action, Decision], Awaitable[None]]


def gate_for(bounds: Bounds, record: Record) -> Callable[[Action], Awaitable[Decision]]:
    """Make the gate that an attempt's agent asks.

    It fails closed: where the decision can't be recorded, the answer is no.
    """

    async def ask(action: Action) -> Decision:
        resolved = tuple(resolve(path, bounds.workspace) for path in action.paths)
        decision = decide(action, bounds, resolved)
        try:
            await record(action, decision)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing may pass unrecorded
            reason = f"the decision could not be recorded: {error}"
            return Decision(verdict=Verdict.DENY, rule="unrecorded", reason=reason)
        return decision

    return ask


def resolve(path: str, workspace: str) -> str:
    """Return where a path really leads: relative ones from the workspace, links followed."""
    plain = path.removeprefix("file://")
    return str(Path(workspace, plain).expanduser().resolve())
