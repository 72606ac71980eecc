"""The verb that must be quick: add a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize import intake
from deputize.desk.bells import ring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.desk.context import Desk
    from deputize.model.task import Submitted, TaskSpec


def add(desk: Desk, spec: TaskSpec) -> Submitted:
    """Store a task durably and ring the workers' doorbells."""
    submitted = intake.submit(
        desk.database, desk.home, spec, actor=desk.actor, now=desk.clock.now()
    )
    ring(desk)
    return submitted


def read(desk: Desk, asked: Mapping[str, object], *, folder: str, origin: str) -> TaskSpec:
    """Read what is asked for in the fields of a plan's task; InvalidInput names the wrong one."""
    from deputize.intake.reading import read_task

    return read_task(asked, now=desk.clock.now(), folder=folder, origin=origin)
