"""The verb that changes a task before it has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize import intake, queue
from deputize.config.load import load_config
from deputize.desk.bells import ring
from deputize.queue import Edits
from deputize.store import tasks

__all__ = ["Edits", "edit"]

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.task import Task


def edit(desk: Desk, task_id: int, edits: Edits) -> Task:
    """Change a task that has not begun; what `add` would refuse is refused here too."""
    with desk.database.read() as transaction:
        task = tasks.get(transaction, task_id)
    intake.check_edits(desk.home, task, edits.wanted)
    if edits.agent:
        config = load_config(desk.home.config)
        if task.provider == config.provider_of(task.agent, task.role):
            own = config.provider_of(edits.agent, task.role)
            edits = edits._replace(provider=own or "")
    edited = queue.edit(desk.database, task_id, edits, desk.actor, desk.clock.now())
    ring(desk)
    return edited
