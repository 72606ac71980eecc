"""The states of tasks and changes, and the only table of what may follow what.

`docs/lifecycle.md` is compared with these tables by a test, and the store refuses any other move.
"""

from __future__ import annotations

from enum import StrEnum


class TaskState(StrEnum):
    """Where a task stands."""

    BLOCKED = "blocked"
    QUEUED = "queued"
    RUNNING = "running"
    LANDING = "landing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ChangeState(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    AWAITING_APPROVAL = "awaiting_approval"
    QUEUED = "queued"
    CHECKING = "checking"
    LANDED = "landed"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REVERTED = "reverted"


_T, _C = TaskState, ChangeState

TASK_TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    _T.BLOCKED: frozenset({_T.QUEUED, _T.CANCELLED}),
    _T.QUEUED: frozenset({_T.RUNNING, _T.CANCELLED}),
    _T.RUNNING: frozenset({_T.LANDING, _T.DONE, _T.QUEUED, _T.FAILED, _T.CANCELLED}),
    _T.LANDING: frozenset({_T.DONE, _T.QUEUED, _T.FAILED, _T.CANCELLED}),
    _T.DONE: frozenset(),
    _T.FAILED: frozenset({_T.QUEUED, _T.LANDING}),
    _T.CANCELLED: frozenset({_T.QUEUED, _T.BLOCKED, _T.LANDING}),
}

CHANGE_TRANSITIONS: dict[ChangeState, frozenset[ChangeState]] = {
    _C.PROPOSED: frozenset({_C.AWAITING_APPROVAL, _C.QUEUED, _C.QUARANTINED, _C.WITHDRAWN}),
    _C.AWAITING_APPROVAL: frozenset({_C.QUEUED, _C.REJECTED, _C.SUPERSEDED, _C.WITHDRAWN}),
    _C.QUEUED: frozenset(
        {_C.CHECKING, _C.AWAITING_APPROVAL, _C.SUPERSEDED, _C.QUARANTINED, _C.WITHDRAWN}
    ),
    _C.CHECKING: frozenset({_C.LANDED, _C.QUEUED, _C.SUPERSEDED, _C.QUARANTINED, _C.WITHDRAWN}),
    _C.LANDED: frozenset({_C.REVERTED}),
    _C.SUPERSEDED: frozenset(),
    _C.QUARANTINED: frozenset({_C.QUEUED}),
    _C.REJECTED: frozenset(),
    _C.WITHDRAWN: frozenset({_C.QUEUED}),
    _C.REVERTED: frozenset(),
}

FINAL_TASK_STATES = frozenset({_T.DONE, _T.FAILED, _T.CANCELLED})
"""A task in one of these has `finished_at`; in any other it has not."""

TASK_OWNERS: dict[TaskState, str] = {
    _T.BLOCKED: "the finishing transaction of a need",
    _T.QUEUED: "queue",
    _T.RUNNING: "worker",
    _T.LANDING: "landing",
    _T.DONE: "–",
    _T.FAILED: "–",
    _T.CANCELLED: "–",
}
"""The one module that may move a task out of each state."""
