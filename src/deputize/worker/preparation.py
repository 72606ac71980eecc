"""Prepare a workspace: private files copied in, setup steps run, each within its limit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import AgentError
from deputize.git.command import BaseLost
from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.outcome import Outcome
from deputize.showing import shown_name
from deputize.store import trust
from deputize.worker.sheltering import launcher_of
from deputize.workshop import aside
from deputize.workspace.commands import run_line
from deputize.workspace.include import include
from deputize.workspace.processes.environment import attempt_marker, markers
from deputize.workspace.sandbox.shelter import Launcher

if TYPE_CHECKING:
    from deputize.config.settings import Step
    from deputize.config.trust import Wishes
    from deputize.worker.steps import Steps
    from deputize.workspace.sandbox.shelter import Shelter
    from deputize.workspace.worktree import Workspace


async def prepare(steps: Steps, workspace: Workspace, wishes: Wishes, shelter: Shelter) -> None:
    """Do what a trusted repository wants done before an agent starts.

    Raises AgentError, setup_failed, where a step fails.
    """
    if workspace.mirror is None or not wishes.of_workspace:
        return
    await _include(steps, workspace, wishes)
    launcher = await launcher_of(shelter) if wishes.config.workspace.setup else Launcher()
    for number, step in enumerate(wishes.config.workspace.setup, 1):
        await _set_up(steps, workspace, step, number, launcher)


async def require_trust(steps: Steps, wishes: Wishes, lines: tuple[str, ...]) -> None:
    """Raise AgentError, parked with a question, where `lines` are wanted that nobody trusts yet."""
    if lines and not await steps.shop.in_store(_is_trusted, steps, wishes):
        steps.question = _question(steps, wishes)
        raise AgentError(Outcome.PARKED, "the repository's commands are not trusted yet")


def _is_trusted(steps: Steps, wishes: Wishes) -> bool:
    with steps.shop.database.read() as transaction:
        return trust.is_trusted(transaction, steps.claim.task.git_dir or "", wishes.digest)


def _question(steps: Steps, wishes: Wishes) -> Approval:
    """Word what a person is asked once the attempt has parked."""
    task = steps.claim.task
    return Approval(
        id=0,
        about=Subject.TRUST,
        subject=f"commands of deputize.toml in {task.repo}",
        digest=wishes.digest,
        task=task.id,
        change=None,
        git_dir=task.git_dir,
        reason="the repository wants to: " + "; ".join(wishes.lines),
        risk="high",
        state=ApprovalState.OPEN,
        asked_at=steps.shop.now(),
        deadline_at=None,
        answered_at=None,
        answered_by=None,
        answer=None,
    )


async def _include(steps: Steps, workspace: Workspace, wishes: Wishes) -> None:
    repo, git_dir = steps.claim.task.repo, steps.claim.task.git_dir
    if repo is None or repo == git_dir:
        return
    try:
        found = await aside(include, workspace.worktree, Path(repo), wishes.patterns)
    except BaseLost as error:
        raise AgentError(Outcome.BASE_LOST, error.message) from error
    if found.copied:
        await steps.milestone(f"copied in: {', '.join(map(shown_name, found.copied[:5]))}")
    for path, reason in found.refused:
        steps.log.milestone(f"not copied: {shown_name(path)} ({reason})")


async def _set_up(
    steps: Steps, workspace: Workspace, step: Step, number: int, launcher: Launcher
) -> None:
    await steps.milestone(f"setup {number}: {step.command}")
    attempt = steps.claim.attempt
    marks = markers(attempt.task, attempt_marker(attempt.token))
    ran = await run_line(
        step.command,
        workspace.path,
        step.timeout_seconds,
        launcher=launcher,
        marks=marks,
        on_output=steps.log.stderr,
    )
    if ran.exit_code == 0:
        return
    how = "took longer than" if ran.exit_code is None else f"ended with {ran.exit_code} within"
    message = f"setup `{step.command}` {how} {step.timeout_seconds} s: {ran.output[-500:]}"
    raise AgentError(Outcome.SETUP_FAILED, message)
