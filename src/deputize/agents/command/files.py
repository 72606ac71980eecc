"""The files of one run: in a folder that nobody else looks into, outside of the workspace."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.agents.command.launch import FILES
from deputize.config.private import MODE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deputize.agents.base import Job


@asynccontextmanager
async def folder_for(job: Job, *, prompt: bool) -> AsyncIterator[Path]:
    """Give a folder that goes with the run, with the `prompt` in it if wanted; raises OSError."""
    folder = await to_thread.run_sync(_made, job, prompt)
    try:
        yield folder
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))


def _made(job: Job, prompt: bool) -> Path:  # noqa: FBT001 - called in another thread
    folder = Path(tempfile.mkdtemp(prefix="deputize-command-", dir=_place(job)))
    if prompt:
        file = folder / FILES["prompt_file"]
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(job.prompt.encode("utf-8", "replace"))
    return folder


def _place(job: Job) -> str | None:
    """Return the folder of temporary files, where that isn't one of the workspace's own."""
    place = job.environment.get("TMPDIR")
    if not place or Path(place).resolve().is_relative_to(job.workspace.resolve()):
        return None
    return place
