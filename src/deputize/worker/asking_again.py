"""An agent whose answer has to be of use: it is asked, read, and asked once more if need be.

`AskingAgain` stands in for the agent that it is given, so that one time limit, one log, one usage
and one span hold for both turns. Whoever wants an answer in a form brings the reader:

    asking = AskingAgain(agent, read)           # `read` raises InvalidInput for what is of no use
    seen = await watch(running, asking, job, gate)
    asking.found                                # what `read` made of the answer, once it succeeded
    asking.answer                               # the raw answer that was read last
    keep_answer(steps.log, asking)              # where it was of no use: in a file beside the log

Where `read` refuses, the agent hears why: in the same session, or with the whole prompt once more
where it has none, or has lost it. Which it is only its adapter learns, so the job has both. An
answer that is refused twice is the outcome `unusable_answer`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from deputize.agents.base import AgentEvent, Noted, SessionStarted
from deputize.errors import InvalidInput
from deputize.model.attempt import answer_beside
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.agents.base import Agent, Emit, Found, Gate, Job, Report
    from deputize.attempt_log import AttemptLog

CARRIED_CHARACTERS = 50_000
"""How much of its own answer an agent is shown that has no session to remember it by."""

T = TypeVar("T")


class AskingAgain(Generic[T]):
    """An agent that has a second chance to answer in the form that is wanted."""

    def __init__(self, agent: Agent, read: Callable[[str], Awaitable[T]]) -> None:
        """Ask `agent`, and hold what it says against `read`."""
        self.name = agent.name
        self.found: T | None = None
        self.answer: str | None = None
        self._agent = agent
        self._read = read

    def find(self) -> Found:
        """Look for the agent's program."""
        return self._agent.find()

    async def run(self, job: Job, gate: Gate, emit: Emit) -> Report:
        """Ask for the answer; see `Agent.run`. A run that fails otherwise is not asked again."""
        session: str | None = None

        def hear(event: AgentEvent) -> None:
            nonlocal session
            if isinstance(event, SessionStarted):
                session = event.token
            emit(event)

        report = await self._agent.run(job, gate, hear)
        problem = await self._problem(report)
        if problem is None:
            return report
        emit(Noted(text=f"its answer can't be used, and it is asked again: {_told(problem)}"))
        again = _again(job, session, report.answer, problem)
        report = await self._agent.run(again, gate, emit)
        problem = await self._problem(report)
        if problem is None:
            return report
        error = f"its answer can't be used, nor the one before it: {_told(problem)}"
        return replace(report, outcome=Outcome.UNUSABLE_ANSWER, error=error)

    async def _problem(self, report: Report) -> InvalidInput | None:
        """Read the answer of a run that ended well; say what is wrong with it."""
        if report.outcome is not Outcome.SUCCEEDED:
            return None
        self.answer = report.answer
        try:
            self.found = await self._read(report.answer)
        except InvalidInput as problem:
            return problem
        return None


def keep_answer(log: AttemptLog, asking: AskingAgain[Any]) -> None:
    """Write the answer that was of no use to a file beside the attempt's log, redacted."""
    path = Path(answer_beside(str(log.path)))
    content = log.redactor.redacted(asking.answer or "").encode("utf-8", "replace")
    try:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - for its mode
            file.write(content)
    except OSError as error:
        log.milestone(f"its answer can't be kept: {error}")
    else:
        log.milestone(f"its answer is kept in {path}")


def _told(problem: InvalidInput) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def _again(job: Job, session: str | None, answer: str, problem: InvalidInput) -> Job:
    """Make the job of the second turn: who goes on in the session hears what is wrong, no more."""
    wrong = (
        f"Your answer can't be used: {_told(problem)}\n\n"
        "Answer once more, completely, in the form that was asked for. There is no third time."
    )
    before = answer[:CARRIED_CHARACTERS] or "(nothing)"
    told = f"You have been asked this before, and answered:\n\n{before}\n\n{wrong}"
    again = replace(job, prompt=f"{job.prompt}\n\n{told}")
    if session is None:
        return again
    return replace(again, session=session, begins=False, short_prompt=wrong)
