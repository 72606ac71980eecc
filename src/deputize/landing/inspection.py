"""A clean workspace at the exact commit that would land, its setup, and the checks in it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from deputize.landing import records
from deputize.landing.checks import run_checks
from deputize.landing.diary import tell_check
from deputize.landing.route import SETUP
from deputize.landing.tidy import marker_of
from deputize.model.change import CheckResult
from deputize.model.states import ChangeState
from deputize.workshop import aside
from deputize.workspace.clean import discard_clean, open_clean
from deputize.workspace.commands import run_line
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.environment import markers
from deputize.workspace.sandbox.places import places_of_worktree
from deputize.workspace.sandbox.shelter import sheltered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from deputize.config.settings import CheckSettings
    from deputize.landing.candidate import Ground
    from deputize.model.change import Change
    from deputize.workshop import Workshop
    from deputize.workspace.sandbox.shelter import Launcher


async def inspect(
    shop: Workshop,
    change: Change,
    ground: Ground,
    commit: str,
    checks: Mapping[str, CheckSettings],
) -> tuple[CheckResult, ...]:
    """Run the checks on `commit` and note each result; a setup step that fails counts for all."""
    marker = await shop.in_store(marker_of, shop, change.id)
    marks = markers(change.task, marker)

    async def told(result: CheckResult) -> None:
        await shop.in_store(_note, shop, change, result)
        await aside(tell_check, shop, change, result)

    # Checks of a landing that was killed may still run, on the same commit in the same place.
    await aside(end_tree_blocking, marker)
    async with _clean(shop, change, ground, commit) as (workspace, launcher):
        failed = await _set_up(ground, workspace, launcher, marks)
        if failed is None:
            return await run_checks(checks, workspace, launcher, marks, told)
        await told(failed)
        return (failed,)


@asynccontextmanager
async def _clean(
    shop: Workshop, change: Change, ground: Ground, commit: str
) -> AsyncIterator[tuple[Path, Launcher]]:
    """Give the workspace, and what starts commands in its sandbox."""
    worktree = await aside(open_clean, shop.home.workspaces, ground.mirror, change.id, commit)
    places = places_of_worktree(worktree)
    manager = sheltered(ground.config.sandbox, shop.home.path, places)
    try:
        shelter = await aside(manager.__enter__)
        try:
            yield worktree.path, await aside(shelter.launcher)
        finally:
            with anyio.CancelScope(shield=True):
                await aside(manager.__exit__, None, None, None)
    finally:
        with anyio.CancelScope(shield=True):
            await aside(discard_clean, worktree)


async def _set_up(
    ground: Ground, workspace: Path, launcher: Launcher, marks: Mapping[str, str]
) -> CheckResult | None:
    """Run the setup steps; return the one that failed."""
    for step in ground.config.workspace.setup:
        ran = await run_line(
            step.command, workspace, step.timeout_seconds, launcher=launcher, marks=marks
        )
        if ran.exit_code != 0:
            return CheckResult(
                name=SETUP,
                command=step.command,
                exit_code=ran.exit_code,
                seconds=ran.seconds,
                output=ran.output,
            )
    return None


def _note(shop: Workshop, change: Change, result: CheckResult) -> None:
    body: dict[str, object] = {
        "check": result.name,
        "command": result.command,
        "exit_code": result.exit_code,
        "seconds": result.seconds,
        "output": result.output,
    }
    records.step(
        shop.database, change, ChangeState.CHECKING, shop.now(), kind="change.checked", body=body
    )
