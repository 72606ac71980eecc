"""The files of one run: in a folder that nobody else looks into, outside of the workspace."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import asynccontextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.agents.command.launch import FILES
from deputize.config.private import MODE
from deputize.workspace.temporary import make_held, sweep_held

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from deputize.agents.base import Job

OUTPUT_BYTES = 16 * 1024 * 1024
"""The longest output that is read as a whole."""


PREFIX = "deputize-run-"


@asynccontextmanager
async def folder_for(job: Job, *, prompt: bool) -> AsyncIterator[Path]:
    """Give a folder that goes with the run, with the `prompt` in it if wanted; raises OSError."""
    folder, held = await to_thread.run_sync(make_held, PREFIX, _place(job))
    try:
        if prompt:
            await to_thread.run_sync(_write, folder / FILES["prompt_file"], job.prompt)
        yield folder
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
        os.close(held)


def sweep(environment: Mapping[str, str]) -> None:
    """Remove the folders of runs whose worker was killed: there, and where temporary files go."""
    named = environment.get("TMPDIR") or tempfile.gettempdir()
    sweep_held(PREFIX, {tempfile.gettempdir(), named})


def _write(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(text.encode("utf-8", "replace"))


def _place(job: Job) -> str | None:
    """Return the folder of temporary files, where that isn't one of the workspace's own."""
    place = job.environment.get("TMPDIR")
    if not place or Path(place).resolve().is_relative_to(job.workspace.resolve()):
        return None
    return place


def read_output(folder: Path) -> tuple[bytes, str | None]:
    """Return what a program has written to `{output}`, and what is wrong with that if it is.

    Only a plain file is read: it can have put anything in its place.
    """
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(folder / FILES["output"], flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return b"", "what it left as its output is no plain file"
            with os.fdopen(descriptor, "rb", closefd=False) as opened:
                content = opened.read(OUTPUT_BYTES + 1)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return b"", "it wrote no output to the file that it was given for that"
    except OSError as error:
        return b"", f"its output can't be read: {error.strerror}"
    if len(content) > OUTPUT_BYTES:
        return b"", f"its output is not read: it has more than {OUTPUT_BYTES} bytes"
    return content, None


@asynccontextmanager
async def tidied(workspace: Path, litter: tuple[str, ...]) -> AsyncIterator[None]:
    """Remove, at the end, what of such names is new at the top of a folder."""
    before = await to_thread.run_sync(_littered, workspace, litter)
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await to_thread.run_sync(_tidy, workspace, litter, before)


def _littered(workspace: Path, litter: tuple[str, ...]) -> set[str]:
    if not litter:
        return set()
    names = os.listdir(workspace)  # noqa: PTH208 - names are what is wanted
    return {name for name in names if any(fnmatchcase(name, each) for each in litter)}


def _tidy(workspace: Path, litter: tuple[str, ...], before: set[str]) -> None:
    try:
        for name in _littered(workspace, litter) - before:
            found = workspace / name
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found, ignore_errors=True)
            else:
                found.unlink(missing_ok=True)
    except OSError:
        return  # what stays is judged with the rest of the tree
