"""What every adapter does, whatever program is behind it."""

from __future__ import annotations

import math
import os
import signal
import sys
import tracemalloc
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.base import Noted, ToolStarted
from deputize.agents.belongings import belongings_of
from deputize.demo.model import CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS, REASONING_TOKENS
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Tool
from deputize.worker.evidence import Left, Seen, judge
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.identity import identify, is_running
from deputize.workspace.processes.tree import find_tree
from tests.agents.rigs import ALLOW, DENY, MARKER, POOL, Rig, Run, settings_of
from tests.agents.scenes import FLOOD_BYTES, MUCH, NOW
from tests.fixtures.sandboxes import sandbox_for

if TYPE_CHECKING:
    from deputize.agents.base import AgentEvent
    from deputize.workspace.processes.identity import ProcessIdentity

pytestmark = pytest.mark.anyio

MODEL_CALL = Usage(
    input_tokens=INPUT_TOKENS,
    output_tokens=OUTPUT_TOKENS,
    cached_tokens=CACHED_TOKENS,
    reasoning_tokens=REASONING_TOKENS,
)
OURS = frozenset({"DEPUTIZE_ATTEMPT", "DEPUTIZE_RUN"})


async def _appears(path: Path) -> None:
    with anyio.fail_after(40):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await anyio.sleep(0.01)


def _sleeper(rig: Rig) -> ProcessIdentity | None:
    """Return the process that a tool call has left in the background."""
    if not rig.kind.hides_processes:
        return identify(int((rig.workspace / "sleeper").read_text(encoding="utf-8")))
    found = find_tree(MARKER) | find_tree(POOL)
    return next((each for each in found if _command(each) == b"sleep\x00300\x00"), None)


def _command(process: ProcessIdentity) -> bytes:
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def test_an_agent_edits_a_file_and_tells_of_it(rig: Rig) -> None:
    """A run leaves the file, streams what was said, and ends with the last words as answer."""
    run = await rig.run(rig.job("Please write the note."))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert (rig.workspace / "note.txt").read_text(encoding="utf-8") == "one\n"
    assert "At once." in run.said()
    last_words = run.report.answer.partition("The note is written.")
    assert last_words[1]
    assert rig.kind.adds_words or not last_words[2]
    assert len(run.pids()) == 1
    assert not find_tree(MARKER)


async def test_a_long_answer_is_kept_whole_where_it_is_wanted(rig: Rig) -> None:
    """What has to hold a whole change is longer than what agents say else."""
    if rig.kind.keeps_short:
        pytest.skip(rig.kind.keeps_short)
    run = await rig.run(replace(rig.job("Please say much."), answer_characters=2 * len(MUCH)))
    assert run.report is not None
    assert run.report.answer.strip() == MUCH.strip()


async def test_the_gate_is_asked_once_for_each_tool_call(rig: Rig) -> None:
    """The gate hears of a write before it happens, with its path, exactly once."""
    if not rig.kind.asks:
        pytest.skip("its tool calls are not seen")
    run = await rig.run(rig.job("Please write the note."))
    assert [action.tool for action in run.asked] == [Tool.WRITE]
    assert run.asked[0].paths == (str(rig.workspace / "note.txt"),)
    started = [event for event in run.events if isinstance(event, ToolStarted)]
    assert [event.id for event in started] == [event.id for event in run.tools()]
    assert [event.ok for event in run.tools()] == [True]


async def test_what_is_denied_does_not_happen(rig: Rig) -> None:
    """A denied write leaves no file and is told of as denied."""
    if not rig.kind.asks:
        pytest.skip("its tool calls are not seen")
    run = await rig.run(rig.job("Please write the note."), decision=DENY)
    assert run.report is not None
    assert not (rig.workspace / "note.txt").exists()
    assert [(event.ok, event.denied) for event in run.tools()] == [(False, True)]


async def test_a_gate_that_fails_ends_the_run_with_its_failure(rig: Rig) -> None:
    """Where the gate raises, nothing is done and the caller gets what it raised."""
    if not rig.kind.asks:
        pytest.skip("its tool calls are not seen")

    async def gate(action: Action) -> Decision:
        raise RuntimeError(action.tool)

    events: list[AgentEvent] = []
    with pytest.raises(RuntimeError, match="write"):
        await rig.agent.run(rig.job("Please write the note."), gate, events.append)
    assert not (rig.workspace / "note.txt").exists()
    assert not find_tree(MARKER)


async def test_a_cancelled_run_leaves_no_process(rig: Rig) -> None:
    """Cancelled in the middle of a tool call, an agent and the tool's own children are gone."""
    if not rig.kind.runs_commands:
        pytest.skip("it runs no commands")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.run, rig.job("Please sleep long."))
        await _appears(rig.workspace / "sleeper")
        sleeper = _sleeper(rig)
        assert sleeper
        assert is_running(sleeper)
        tasks.cancel_scope.cancel()
    assert sleeper
    assert not is_running(sleeper)
    assert not find_tree(MARKER)


@pytest.fixture
def nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have those who would look again and again wait for ever, where the system tells an end."""
    if sys.platform == "linux":
        monkeypatch.setattr("deputize.workspace.processes.program.POLL_SECONDS", math.inf)
        monkeypatch.setattr("deputize.agents.copilot.sdk.WATCH_SECONDS", math.inf)


@pytest.mark.usefixtures("nobody_looks")
async def test_a_killed_program_is_noticed(rig: Rig) -> None:
    """When its program is killed while the model thinks, that event ends the run as crashed."""
    run, started = Run(), anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(
            lambda: rig.run(rig.job("Please think forever."), started=started, run=run)
        )
        await started.wait()
        # Programs in Python that load much take their time on a busy machine.
        asked = partial(rig.model.wait_for_request, "think forever", timeout_seconds=50)
        await anyio.to_thread.run_sync(asked)
        os.kill(run.pids()[0], signal.SIGKILL)
    assert run.report is not None
    assert run.report.outcome is Outcome.AGENT_CRASHED
    assert run.report.exit_code == 128 + signal.SIGKILL
    assert not find_tree(MARKER)


async def test_a_session_is_resumed_in_a_new_process(rig: Rig) -> None:
    """The model sees what was said in the session that an earlier process had begun."""
    if not rig.kind.resumes:
        pytest.skip("it has no sessions")
    first = await rig.run(rig.job("Please remember the plum."))
    again = await rig.run(rig.job("Go on.", session=first.sessions()[0]))
    assert again.report is not None
    assert again.report.outcome is Outcome.SUCCEEDED
    assert again.sessions() == first.sessions()
    asked = [request for request in rig.model.requests if request.scene is not None]
    assert [(request.scene, "Go on." in request.prompt) for request in asked] == [
        ("remember", False),
        ("remember", True),
    ]
    assert again.usage().input_tokens == INPUT_TOKENS


@pytest.mark.parametrize("before", [ALLOW, DENY], ids=["allowed", "denied"])
async def test_what_is_denied_in_a_resumed_session_does_not_happen(
    rig: Rig, before: Decision
) -> None:
    """The gate is asked again in a new process, whatever it had answered in the session before."""
    if not rig.kind.asks or not rig.kind.resumes:
        pytest.skip("it has no sessions, or its tool calls are not seen")
    first = await rig.run(rig.job("Please write the note."), decision=before)
    (rig.workspace / "note.txt").unlink(missing_ok=True)
    job = rig.job("Please write the note.", session=first.sessions()[0])
    again = await rig.run(job, decision=DENY)
    assert again.sessions() == first.sessions()
    assert [action.tool for action in again.asked] == [Tool.WRITE]
    assert [(event.ok, event.denied) for event in again.tools()] == [(False, True)]
    assert not (rig.workspace / "note.txt").exists()


async def test_a_session_that_is_gone_is_begun_anew(rig: Rig) -> None:
    """An unknown session is said to be unknown, and the job is done in a new one."""
    if not rig.kind.resumes:
        pytest.skip("it has no sessions")
    unknown = "00000000-0000-4000-8000-000000000000"
    run = await rig.run(rig.job("Please write the note.", session=unknown))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert run.sessions() != [unknown]
    notes = [event.text for event in run.events if isinstance(event, Noted)]
    assert any(unknown in note for note in notes)


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "unknown"])
async def test_only_who_goes_on_in_a_session_hears_the_short_prompt(
    rig: Rig,
    is_known: bool,  # noqa: FBT001 - a row
) -> None:
    """Whoever begins anew remembers nothing, and hears all of it: the short one is never said."""
    goes_on = is_known and rig.kind.resumes
    session = "00000000-0000-4000-8000-000000000000"
    if goes_on:
        session = (await rig.run(rig.job("Please remember the plum."))).sessions()[0]
    job = rig.job("Please remember the plum and the pear.", session=session)
    run = await rig.run(replace(job, short_prompt="Go on."))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    asked = [request.prompt for request in rig.model.requests if request.scene is not None]
    assert len(asked) == 1 + goes_on
    assert ("Go on." in asked[-1], "the pear" in asked[-1]) == (goes_on, not goes_on)


async def test_a_model_that_refuses_is_a_failure(rig: Rig) -> None:
    """Status 400 is told as a failure with the model's words, however the program ends."""
    run = await rig.run(rig.job("Please be refused."))
    assert run.report is not None
    assert run.report.outcome is Outcome.AGENT_ERROR
    assert "No such thing." in (run.report.error or "")


async def test_a_rate_limit_is_told_with_its_end(rig: Rig) -> None:
    """Status 429 is told as a limit, with the moment at which the provider says it ends."""
    if rig.kind.tells_limits == "no":
        pytest.skip("it tries again by itself for a minute without telling")
    run = await rig.run(rig.job("Please be limited."))
    assert run.report is not None
    assert run.report.outcome is Outcome.RATE_LIMITED
    end = NOW + timedelta(minutes=20)
    assert run.report.retry_at == (end if rig.kind.tells_limits == "end" else None)
    assert not find_tree(MARKER)


async def test_doing_nothing_is_no_failure_of_the_agent(rig: Rig) -> None:
    """An agent that only talks ends well: what it left is judged by others."""
    before = list(rig.workspace.iterdir())
    run = await rig.run(rig.job("Please do nothing."))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert run.report.answer == "There was nothing to do."
    assert list(rig.workspace.iterdir()) == before
    seen = Seen(outcome=run.report.outcome, answer=run.report.answer)
    judged, _ = judge(seen, Left(tree_changed=False), "required")
    assert judged is Outcome.NO_CHANGE


async def test_a_hundred_megabytes_of_output_are_borne(rig: Rig) -> None:
    """What a command of it prints without end neither holds it up nor fills memory of ours."""
    if not rig.kind.runs_commands:
        pytest.skip("it runs no commands")
    if rig.kind.shows_commands:
        pytest.skip("its own terminal takes more than a minute for so much")
    await rig.run(rig.job("Please do nothing."))  # what an SDK takes by itself is not meant
    tracemalloc.start()
    try:
        run = await rig.run(rig.job("Please flood the output."))
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert rig.kind.keeps_output or run.report.answer.endswith("It has flown.")
    assert most_bytes < FLOOD_BYTES // 4
    assert not find_tree(MARKER)


async def test_usage_is_told_once_for_each_model_call(rig: Rig) -> None:
    """The sum of what is told is what the model's calls took, as far as the program tells."""
    run = await rig.run(rig.job("Please write the note."))
    both = MODEL_CALL.plus(MODEL_CALL)
    last = Usage(input_tokens=INPUT_TOKENS, output_tokens=OUTPUT_TOKENS)
    plain = replace(both, reasoning_tokens=0)
    expected = {"calls": both, "turn": both, "sum": plain, "last": last, "no": Usage()}
    assert run.usage() == expected[rig.kind.reports_usage]


async def test_an_agent_sees_no_variable_that_it_was_not_given(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of our own environment nothing reaches the commands that an agent runs."""
    if not rig.kind.runs_commands:
        pytest.skip("it runs no commands")
    monkeypatch.setenv("FOREIGN_SECRET", "visible")
    monkeypatch.setenv("GH_TOKEN", "ghp_visible")
    job = rig.job("Please show the environment.")
    await rig.run(job)
    shown = (rig.workspace / "environment.txt").read_text(encoding="utf-8")
    assert "visible" not in shown
    assert f"HOME={job.environment['HOME']}\n" in shown
    assert "COPILOT_SDK_AUTH_TOKEN" not in shown


async def test_an_agent_works_inside_a_sandbox(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Shut in, it does its work all the same, and leaves nothing anywhere else."""
    monkeypatch.setenv("HOME", rig.environment["HOME"])
    with sandbox_for(rig.workspace, tmp_path / "no-home") as shelter:
        job = rig.job("Please write the note.")
        settings = settings_of(rig.agent)
        read, write = belongings_of(
            rig.agent, settings, rig.state, job.environment, rig.kind.provider(rig.model)
        )
        launcher = await anyio.to_thread.run_sync(
            lambda: shelter.launcher(read=read, write=write, nests=settings.nests)
        )
        environment = {**job.environment, **launcher.variables}
        run = await rig.run(replace(job, launcher=launcher.prefix, environment=environment))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED, run.report
    assert (rig.workspace / "note.txt").exists(), run.events
    assert not find_tree(MARKER)


async def test_an_agent_works_inside_a_namespace_of_its_own(rig: Rig) -> None:
    """Contained, it does its work all the same."""
    prefix = await anyio.to_thread.run_sync(containment_prefix)
    if not prefix:
        pytest.skip("this system allows no PID namespace")
    run = await rig.run(rig.job("Please write the note.", launcher=prefix))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert (rig.workspace / "note.txt").exists()
    assert not find_tree(MARKER)
