"""An answer has to be of use: the agent is asked once more, and told why."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Job, Noted
from deputize.agents.command.agent import CommandAgent
from deputize.clock import ManualClock
from deputize.demo.model import Scene, Script, ScriptedModel, Turn
from deputize.errors import InvalidInput
from deputize.model.agent import AgentSettings, Reading
from deputize.model.outcome import Outcome
from deputize.worker.asking_again import CARRIED_CHARACTERS, AskingAgain
from tests.agents.rigs import ALLOW, COMMAND, COPILOT, COPILOT_ACP, Kind, Rig
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.agents.base import AgentEvent, Report
    from deputize.model.policy import Action, Decision

pytestmark = pytest.mark.anyio

SCRIPT = Script(
    scenes=(
        Scene(name="repaired", contains="not a number", turns=(Turn(say="42"),)),
        Scene(name="asked", contains="How many", turns=(Turn(say="Many."),)),
    )
)


async def number(answer: str) -> int:
    """Read an answer that has to be a number."""
    if not answer.strip().isdigit():
        raise InvalidInput(f"{answer.strip()[:60]!r} is not a number", hint="answer with digits")
    return int(answer)


@pytest.fixture(
    params=[
        pytest.param(COMMAND, id="command"),
        pytest.param(COPILOT, id="copilot"),
        pytest.param(COPILOT_ACP, id="copilot-acp"),
    ]
)
def rig(
    request: pytest.FixtureRequest, program_environment: dict[str, str], tmp_path: Path
) -> Iterator[Rig]:
    """Give an adapter whose model answers in words, and in digits once it has been told."""
    kind: Kind = request.param
    workspace, state = tmp_path / "work", tmp_path / "state"
    workspace.mkdir()
    state.mkdir()
    with ScriptedModel(SCRIPT) as model:
        yield Rig(
            kind=kind,
            agent=kind.make(ManualClock(NOW)),
            model=model,
            environment=program_environment,
            workspace=workspace,
            state=state,
        )


async def test_an_agent_that_is_told_what_is_wrong_can_mend_it(rig: Rig) -> None:
    """In its own session where it has one, else with the prompt and its answer carried along."""
    asking = AskingAgain(rig.agent, number)
    run = await replace(rig, agent=asking).run(rig.job("How many?"))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert (asking.found, run.report.answer) == (42, "42")
    assert len(set(run.sessions())) == int(rig.kind.resumes)
    (heard,) = [each.prompt for each in rig.model.requests if each.scene == "repaired"]
    assert "'Many.' is not a number (answer with digits)" in heard
    assert ("How many?" in heard) is not rig.kind.resumes
    (told,) = [each.text for each in run.events if isinstance(each, Noted) and "can't" in each.text]
    assert "'Many.' is not a number" in told


@pytest.mark.parametrize("rig", [pytest.param(COPILOT, id="copilot")], indirect=True)
async def test_who_has_lost_its_session_gets_the_whole_prompt_again(rig: Rig) -> None:
    """A new session, which knows of nothing, is not asked to mend what it never said."""

    async def forgetful(answer: str) -> int:
        for folder in rig.state.iterdir():
            shutil.rmtree(folder)
        return await number(answer)

    asking = AskingAgain(rig.agent, forgetful)
    run = await replace(rig, agent=asking).run(rig.job("How many?"))
    assert (asking.found, len(set(run.sessions()))) == (42, 2)
    (heard,) = [each.prompt for each in rig.model.requests if each.scene == "repaired"]
    assert heard.startswith("How many?")
    assert "'Many.' is not a number" in heard


SAYS = "import sys; asked = sys.stdin.read(); "


async def asked(
    code: str, workspace: Path, settings: AgentSettings | None = None
) -> tuple[AskingAgain[int], Report]:
    """Ask a program that is written in Python."""

    async def gate(action: Action) -> Decision:
        del action
        return ALLOW

    def emit(event: AgentEvent) -> None:
        del event

    command = (sys.executable, "-c", SAYS + code)
    settings = (settings or AgentSettings())._replace(command=command)
    asking = AskingAgain(CommandAgent("program", settings), number)
    job = Job(prompt="How many?", workspace=workspace, environment={"PATH": "/usr/bin:/bin"})
    return asking, await asking.run(job, gate, emit)


SESSIONS = AgentSettings(
    output="json",
    read=(Reading(session="session", answer="answer"),),
    resume_arguments=("--resume", "{session}"),
    lost_session=("^Session not found",),
)
TELLS = """
import json
open('heard', 'a').write(json.dumps([sys.argv[1:], asked]) + '\\n')
def tell(session, first):
    answer = 42 if 'How many?' in asked and 'not a number' in asked else first
    print(json.dumps({'session': session, 'answer': str(answer)}))
"""


@pytest.mark.parametrize(
    ("settings", "code", "runs"),
    [
        pytest.param(
            SESSIONS._replace(resume_arguments=()), "tell('s-1', 'Many.')", 2, id="resumes-none"
        ),
        pytest.param(
            SESSIONS,
            "sys.exit('Session not found') if sys.argv[1:] else tell('s-1', 'Many.')",
            3,
            id="has-lost-it",
        ),
        pytest.param(
            SESSIONS,
            "tell('s-2' if sys.argv[1:] else 's-1', 'What?')",
            3,
            id="begins-another-and-says-nothing",
        ),
    ],
)
async def test_a_program_that_begins_anew_is_told_its_task(
    tmp_path: Path, settings: AgentSettings, code: str, runs: int
) -> None:
    """The second turn has the whole prompt, whatever became of the session in the meantime."""
    asking, report = await asked(TELLS + code, tmp_path, settings)
    assert (asking.found, report.outcome) == (42, Outcome.SUCCEEDED)
    heard = [json.loads(line) for line in (tmp_path / "heard").read_text().splitlines()]
    assert len(heard) == runs
    arguments, prompt = heard[-1]
    assert arguments == []
    assert prompt.startswith("How many?\n\nYou have been asked this before, and answered:\n\n")
    assert [arguments for arguments, _ in heard[1:-1]] == [["--resume", "s-1"]] * (runs - 2)


async def test_a_program_that_goes_on_in_its_session_is_told_what_is_wrong(tmp_path: Path) -> None:
    """And nothing besides: it remembers its task, and what it has answered."""
    code = TELLS + "tell('s-1', 42 if sys.argv[1:] else 'Many.')"
    asking, _ = await asked(code, tmp_path, SESSIONS)
    assert asking.found == 42
    _, again = (tmp_path / "heard").read_text().splitlines()
    arguments, prompt = json.loads(again)
    assert arguments == ["--resume", "s-1"]
    assert prompt.startswith("Your answer can't be used: 'Many.' is not a number")


async def test_an_answer_that_is_of_use_is_asked_for_once(tmp_path: Path) -> None:
    """There is no second turn."""
    asking, report = await asked("print(7); open('turns', 'a').write('.')", tmp_path)
    assert (asking.found, report.outcome) == (7, Outcome.SUCCEEDED)
    assert (tmp_path / "turns").read_text() == "."


async def test_an_answer_that_is_wrong_twice_is_a_failure_that_says_why(tmp_path: Path) -> None:
    """With the last answer as it was; nobody is asked a third time."""
    code = (
        "print('again' if 'been asked' in asked else 'x' * 90_000); open('turns', 'a').write('.')"
    )
    asking, report = await asked(code, tmp_path)
    assert report.outcome is Outcome.UNUSABLE_ANSWER
    assert report.error is not None
    assert report.error.endswith("'again' is not a number (answer with digits)")
    assert (asking.found, asking.answer) == (None, "again")
    assert (tmp_path / "turns").read_text() == ".."


async def test_what_is_carried_along_is_bounded(tmp_path: Path) -> None:
    """An endless answer is not handed back as an endless prompt."""
    code = "print(len(asked) if 'been asked' in asked else 'x' * 60_000)"
    asking, report = await asked(code, tmp_path)
    assert report.outcome is Outcome.SUCCEEDED
    assert CARRIED_CHARACTERS < (asking.found or 0) < CARRIED_CHARACTERS + 1000


async def test_a_run_that_fails_otherwise_is_not_asked_again(tmp_path: Path) -> None:
    """Its own end says why: in the first turn, and in the second."""
    asking, report = await asked("open('turns', 'a').write('.'); sys.exit(75)", tmp_path)
    assert (report.outcome, asking.answer) == (Outcome.RATE_LIMITED, None)
    assert (tmp_path / "turns").read_text() == "."
    _, report = await asked("print('no'); 'been asked' in asked and sys.exit(75)", tmp_path)
    assert report.outcome is Outcome.RATE_LIMITED
