"""Run the checks of a change on the exact tree that would land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.change import CheckResult
from deputize.workspace.commands import run_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    from deputize.config.settings import CheckSettings
    from deputize.workspace.sandbox.shelter import Launcher


async def run_checks(
    checks: Mapping[str, CheckSettings],
    workspace: Path,
    launcher: Launcher,
    marks: Mapping[str, str],
    told: Callable[[CheckResult], Awaitable[None]],
) -> tuple[CheckResult, ...]:
    """Run the checks one after another and tell each result; stop at the first required failure."""
    results: list[CheckResult] = []
    for name, check in checks.items():
        ran = await run_line(
            check.command, workspace, check.timeout_seconds, launcher=launcher, marks=marks
        )
        result = CheckResult(
            name=name,
            command=check.command,
            exit_code=ran.exit_code,
            seconds=ran.seconds,
            output=ran.output,
        )
        results.append(result)
        await told(result)
        if check.required and not result.passed:
            break
    return tuple(results)
