"""An agent that judges a race: what it is shown of the changes, and its verdict as it is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import AgentError, GitError
from deputize.git.diff import diff_text, mirror_path
from deputize.model.outcome import Outcome
from deputize.redaction import redacted
from deputize.store import changes, plans
from deputize.verdict import EXHIBITS_BYTES, LETTERS, Exhibit, Verdict, exhibits, read_verdict
from deputize.worker.asking_again import AskingAgain
from deputize.worker.form import Form
from deputize.workshop import aside

if TYPE_CHECKING:
    from deputize.agents.base import Agent, Job
    from deputize.model.change import Change
    from deputize.worker.steps import Steps


async def verdict_form(steps: Steps, agent: Agent, job: Job) -> Form[Verdict]:
    """Let an agent judge the changes of its race; AgentError where one can't be read any more."""
    found = await steps.shop.in_store(_compared, steps)
    try:
        shown = await aside(_exhibits, steps.shop.home.repos, found)
    except GitError as error:
        message = f"a change that is to be judged can't be read: {error.message}"
        raise AgentError(Outcome.BASE_LOST, message) from error

    async def read(answer: str) -> Verdict:
        return read_verdict(answer, LETTERS[: len(found)])

    asked = replace(job, prompt=f"{job.prompt}\n\n{shown}")
    return Form(agent=AskingAgain(agent, read), job=asked, tell=_told, log=steps.log)


async def _told(verdict: Verdict) -> str:
    """Return nothing but the verdict, as it is kept."""
    return verdict._replace(reason=redacted(verdict.reason)).text


def _compared(steps: Steps) -> list[Change]:
    """Return the changes that are judged, in the order of their letters."""
    with steps.shop.database.read() as transaction:
        plan = plans.get(transaction, steps.claim.task.plan or 0)
        return [changes.get(transaction, change) for change in plan.compared]


def _exhibits(repos: Path, found: list[Change]) -> str:
    return exhibits([Exhibit(change.size, _patch(repos, change)) for change in found])


def _patch(repos: Path, change: Change) -> str:
    mirror = mirror_path(repos, Path(change.git_dir))
    return diff_text(mirror, change.base, change.head, EXHIBITS_BYTES)
