"""A need: another task that must get somewhere first, and what its state means for who waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from deputize.model.states import FINAL_TASK_STATES, TaskState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class On(StrEnum):
    """What of a need is waited for."""

    DONE = "done"
    END = "end"
    LANDED = "landed"


class Verdict(StrEnum):
    """What a need means for the task that has it."""

    MET = "met"
    OPEN = "open"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Another task that must get somewhere first."""

    id: int
    on: On = On.DONE


_OPEN = {state: Verdict.OPEN for state in TaskState if state not in FINAL_TASK_STATES}
_SUCCESS = _OPEN | {
    TaskState.DONE: Verdict.MET,
    TaskState.FAILED: Verdict.LOST,
    TaskState.CANCELLED: Verdict.LOST,
}

VERDICTS: Mapping[On, Mapping[TaskState, Verdict]] = {
    On.DONE: _SUCCESS,
    On.END: _OPEN | dict.fromkeys(FINAL_TASK_STATES, Verdict.MET),
    # Whatever makes a change is done when that has landed; what makes none has nothing to land.
    On.LANDED: _SUCCESS,
}
"""What the state of a need means, for each thing that can be waited for."""


def verdict_on(needs: Iterable[tuple[Need, TaskState]]) -> Verdict:
    """Judge all needs of a task: one that is lost decides, then one that is open."""
    found = {VERDICTS[need.on][state] for need, state in needs}
    if Verdict.LOST in found:
        return Verdict.LOST
    return Verdict.OPEN if Verdict.OPEN in found else Verdict.MET
