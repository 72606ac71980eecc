"""The station that writes the audit files and mirrors, under a lease of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from deputize import log
from deputize.audit.daily import drop_archived, project
from deputize.audit.mirror import mirror_new
from deputize.config.load import REPOSITORY_FILE, load_config
from deputize.errors import DeputizeError
from deputize.git.locate import read_blob
from deputize.git.refs import read_ref
from deputize.model.attempt import HEARTBEAT_SECONDS
from deputize.workshop import aside, held_lease

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.model.task import Task
    from deputize.workshop import Workshop

LEASE = "audit"
ROUND_SECONDS = 5.0
PAUSE_SECONDS = 1.0
"""How long it rests, rung at or not, when something could not be written."""


async def write_files_forever(shop: Workshop) -> None:
    """Write what is sealed to the files, whenever no other process does."""
    while True:
        try:
            async with held_lease(shop, LEASE) as token:
                while token is not None:
                    await aside(write_files, shop)
                    await shop.bells.wait(ROUND_SECONDS)
        except* DeputizeError as errors:
            log.get("audit").warning("files not written", error=str(errors.exceptions[0]))
            await anyio.sleep(PAUSE_SECONDS)
        await shop.bells.wait(HEARTBEAT_SECONDS)


def write_files(shop: Workshop) -> None:
    """Bring the daily files and every mirror up to date, once."""
    project(shop.database, shop.home)
    drop_archived(shop.database, shop.home)
    for error in mirror_new(shop.database, lambda task: mirror_path(shop.home, task)):
        log.get("audit").warning("mirror not written", error=error.message, hint=error.hint)


def mirror_path(home: Home, task: Task) -> str | None:
    """Return `audit.mirror` as home and the tip of the task's target set it; raises ConfigError."""
    file = None
    if task.git_dir and task.target:
        git_dir = Path(task.git_dir)
        tip = read_ref(git_dir, f"refs/heads/{task.target}")
        file = read_blob(git_dir, tip, REPOSITORY_FILE) if tip else None
    return load_config(home.config, file, origin=f"{REPOSITORY_FILE} ({task.target})").audit.mirror
