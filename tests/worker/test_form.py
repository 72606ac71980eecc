"""An agent that answers in a form: what its attempt tells in place of the answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Job
from deputize.attempt_log import AttemptLog
from deputize.model.attempt import answer_beside
from deputize.model.outcome import Outcome
from deputize.worker.evidence import Seen
from deputize.worker.form import Form
from tests.worker.test_asking_again import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

JOB = Job(prompt="How many?", workspace=Path("/work"), environment={})


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AttemptLog]:
    """Give the log of an attempt."""
    with AttemptLog(tmp_path / "1-1.log") as opened:
        yield opened


async def counted(number: int) -> str:
    """Say a number in words."""
    return f"{number} in all"


async def answered(code: str, log: AttemptLog) -> tuple[Form[int], Seen]:
    """Have a program answer with a number; return what is seen of it so far."""
    asking, report = await asked(code, log.path.parent)
    seen = Seen(outcome=report.outcome, answer=report.answer, error=report.error)
    return Form(agent=asking, job=JOB, tell=counted, log=log), seen


async def test_what_was_found_is_told_in_place_of_the_answer(log: AttemptLog) -> None:
    """All else stays as it was seen."""
    form, seen = await answered("print('7')", log)
    assert await form.conclude(seen) == replace(seen, answer="7 in all")


def kept(log: AttemptLog) -> str | None:
    """Return the answer that was kept beside the log."""
    path = Path(answer_beside(str(log.path)))
    return path.read_text() if path.exists() else None


@pytest.mark.parametrize("outcome", [Outcome.TIME_LIMIT, Outcome.AGENT_ERROR, Outcome.CANCELLED])
async def test_who_did_not_end_well_has_done_nothing(log: AttemptLog, outcome: Outcome) -> None:
    """Though the answer was read: time may be up right after it."""
    form, seen = await answered("print('7')", log)
    assert form.agent.found == 7
    late = replace(seen, outcome=outcome, answer="")
    assert await form.conclude(late) is late


async def test_an_answer_that_is_of_no_use_is_kept(log: AttemptLog) -> None:
    """In a file beside the log, and only then."""
    form, seen = await answered("print('7')", log)
    await form.conclude(seen)
    assert kept(log) is None
    form, seen = await answered("print('Many.')", log)
    assert await form.conclude(seen) is seen
    assert seen.outcome is Outcome.UNUSABLE_ANSWER
    assert kept(log) == "Many."


async def test_an_agent_that_failed_otherwise_has_no_answer_to_keep(log: AttemptLog) -> None:
    """Nothing was found, and nothing is told."""
    form, seen = await answered("sys.exit(75)", log)
    assert await form.conclude(seen) is seen
    assert kept(log) is None
