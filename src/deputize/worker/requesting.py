"""An agent that answers with a change request: it looks, and its answer is carried out for it.

Its answer is read, held against the rules and the commit that its workspace started from, and laid
out in the workspace. From there on it is work as any other: it is saved, judged, checked, landed.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.changes.answers import ANSWER_CHARACTERS, request_in
from deputize.changes.carrying import carry_out
from deputize.errors import AgentError, GitError, InvalidInput
from deputize.git.editing import editing
from deputize.git.laying_out import PathTaken, lay_out
from deputize.git.snapshot import measure
from deputize.incoming import shown
from deputize.model.outcome import Outcome
from deputize.redaction import redacted
from deputize.worker.asking_again import AskingAgain
from deputize.worker.form import Form
from deputize.worker.full_disk import is_passing
from deputize.workshop import aside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.agents.base import Agent, Job
    from deputize.git.capture import Captured
    from deputize.git.worktree import Worktree
    from deputize.model.change_request import ChangeRequest
    from deputize.model.task import Task
    from deputize.worker.benches import Bench
    from deputize.worker.steps import Steps
    from deputize.workspace.worktree import Workspace

TOLD_OPERATIONS = 50
"""How many operations are named in the result of a task."""


async def request_form(steps: Steps, bench: Bench, agent: Agent, job: Job) -> Form[ChangeRequest]:
    """Let an agent answer with a change request, and lay out on the bench what it answers."""
    before = await aside(measured, bench.workspace.worktree)

    async def read(answer: str) -> ChangeRequest:
        return await aside(_lay_out, answer, steps.claim.task, bench.workspace, before)

    async def tell(request: ChangeRequest) -> str:
        count = len(request.operations)
        if count:
            await steps.milestone(f"its change request is carried out: {count} operations")
        return redacted(told(request))

    asked = replace(job, answer_characters=ANSWER_CHARACTERS)
    return Form(agent=AskingAgain(agent, read), job=asked, tell=tell, log=steps.log)


def measured(worktree: Worktree) -> Captured:
    """Return what is in a workspace; AgentError where that can't be read."""
    with _blamed():
        return measure(worktree)


def _lay_out(answer: str, task: Task, workspace: Workspace, before: Captured) -> ChangeRequest:
    """Carry an answer out; InvalidInput says what is wrong with it."""
    request = request_in(answer)
    require_meant(request, task, workspace.base)
    worktree = workspace.worktree
    with _blamed():
        if measure(worktree) != before:
            message = "the agent changed files itself, though its answer says what is to change"
            raise AgentError(Outcome.POLICY_DENIED, message)
        if not request.operations:
            return request
        with editing(worktree.mirror, worktree.base) as edit:
            lay_out(worktree, edit, carry_out(edit, request))
    return request


def require_meant(request: ChangeRequest, task: Task, base: str | None) -> None:
    """Raise InvalidInput where a request says that it belongs elsewhere; it may say nothing."""
    meant = {"task": task.id, "base": base, "repo": task.repo, "target": task.target}
    for name, right in meant.items():
        said = getattr(request, name)
        if said not in {None, right}:
            hint = f"leave it out: it is known to be {shown(right)}"
            raise InvalidInput(f"{name}: {shown(said)} is not what was asked about", hint=hint)
    if request.signature is not None:
        raise InvalidInput("signature: an agent's answer has none", hint="leave it out")


def told(request: ChangeRequest) -> str:
    """Say in words what a request does."""
    if not request.operations:
        return request.title or "Nothing has to change."
    lines = [request.title or "A change request:", ""]
    for each in request.operations[:TOLD_OPERATIONS]:
        path = f"{each.source} → {each.path}" if each.source else each.path
        lines.append(f"- {each.op} {path}")
    if len(request.operations) > TOLD_OPERATIONS:
        lines.append(f"- and {len(request.operations) - TOLD_OPERATIONS} more")
    return "\n".join(lines)


@contextmanager
def _blamed() -> Iterator[None]:
    """Tell apart what the answer is to blame for, and what the machine is."""
    try:
        yield
    except PathTaken as error:
        hint = "it is no part of the repository: choose another name"
        raise InvalidInput(error.message, hint=hint) from error
    except (GitError, OSError) as error:
        outcome = Outcome.OUT_OF_DISK if is_passing(error) else Outcome.AGENT_ERROR
        message = f"a change request could not be carried out: {error}"
        raise AgentError(outcome, message) from error
