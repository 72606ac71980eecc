"""Editing: what a task asks for may change until it has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import IllegalMove
from deputize.model.event import Event
from deputize.model.states import TaskState
from deputize.store import tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.task import Task
    from deputize.store.database import Database


class Edits(NamedTuple):
    """What is to be different; None leaves it."""

    prompt: str | None = None
    title: str | None = None
    priority: int | None = None
    agent: str | None = None
    provider: str | None = None
    """What serves the agent; nothing where its own login does."""
    model: str | None = None
    timeout_seconds: int | None = None
    idle_timeout_seconds: int | None = None
    attempts: int | None = None
    not_before: datetime | None = None
    labels: tuple[str, ...] | None = None
    budget_tokens: int | None = None
    budget_usd: float | None = None

    @property
    def wanted(self) -> dict[str, object]:
        """Return the fields that were given."""
        return {name: value for name, value in self._asdict().items() if value is not None}


def edit(database: Database, task_id: int, edits: Edits, actor: str, now: datetime) -> Task:
    """Change a task that has not begun, all of it or nothing; IllegalMove once it has begun."""
    with database.write() as transaction:
        task = tasks.lock(transaction, task_id)
        waits = task.state in {TaskState.BLOCKED, TaskState.QUEUED}
        if not waits or task.started_at is not None:
            hint = "`deputize add` another one" if task.is_final else "`deputize cancel` it first"
            raise IllegalMove(f"#{task.id} has begun and can't be edited", hint=hint)
        edited = task._replace(**edits.wanted)  # type: ignore[arg-type]
        edited = edited._replace(provider=edited.provider or None)
        if edited == task:
            return task
        body: dict[str, object] = {"fields": sorted(edits.wanted)}
        tasks.reword(transaction, task, edited, now)
        return tasks.move(
            transaction, task, edited, Event(kind="task.edited", actor=actor, body=body), now
        )
