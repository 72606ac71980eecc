"""Checks whose exit codes decide a task that changes nothing: a tester's word is not enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.model.outcome import Outcome
from deputize.worker.sheltering import launcher_of
from deputize.workspace.commands import run_line
from deputize.workspace.processes.environment import attempt_marker, markers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.config.settings import CheckSettings, RoleSettings
    from deputize.model.task import Task
    from deputize.worker.benches import Bench
    from deputize.worker.evidence import Left, Seen
    from deputize.worker.steps import Steps
    from deputize.workspace.commands import Ran
    from deputize.workspace.sandbox.shelter import Launcher


def deciding_checks(
    task: Task, role: RoleSettings | None, checks: Mapping[str, CheckSettings]
) -> Mapping[str, CheckSettings]:
    """Return the checks that decide a task: those it names, else all that are required.

    None for a role that doesn't run them, and where there is no repository.
    """
    if task.git_dir is None or role is None or not role.runs_checks:
        return {}
    return {
        name: check
        for name, check in checks.items()
        if name in task.checks or (not task.checks and check.required)
    }


async def verify(steps: Steps, bench: Bench, seen: Seen, left: Left) -> Seen:
    """Run the checks that decide, where the agent ended well and changed nothing.

    What they leave in the workspace is theirs: the task is judged by what the agent `left`.
    """
    wanted = bench.deciding_checks(steps.claim.task)
    if seen.outcome is not Outcome.SUCCEEDED or left.tree_changed or not wanted:
        return seen
    launcher = await launcher_of(bench.shelter)
    for name, check in wanted.items():
        ran = await _run(steps, bench, name, check, launcher)
        if ran.exit_code != 0:
            return _failed(seen, left, name, check, ran)
    return replace(seen, left=left, exit_code=0)


async def _run(
    steps: Steps, bench: Bench, name: str, check: CheckSettings, launcher: Launcher
) -> Ran:
    attempt = steps.claim.attempt
    ran = await run_line(
        check.command,
        bench.path,
        check.timeout_seconds,
        launcher=launcher,
        marks=markers(attempt.task, attempt_marker(attempt.token)),
        on_output=steps.log.stderr,
    )
    await steps.milestone(f"check {name}: {_how(ran)}")
    return ran


def _failed(seen: Seen, left: Left, name: str, check: CheckSettings, ran: Ran) -> Seen:
    error = f"check {name} (`{check.command}`) {_how(ran)}: {ran.output}"
    return replace(
        seen, outcome=Outcome.CHECKS_FAILED, left=left, exit_code=ran.exit_code, error=error
    )


def _how(ran: Ran) -> str:
    if ran.exit_code is None:
        return "ran out of time"
    return "passed" if ran.exit_code == 0 else f"failed with exit code {ran.exit_code}"
