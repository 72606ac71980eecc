"""One Copilot runtime for several attempts: each has its own gate, session and processes."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.base import Job, Provider
from deputize.agents.copilot import run as running
from deputize.agents.copilot.agent import CopilotAgent
from deputize.agents.pool.pool import Pool
from deputize.demo.model import INPUT_TOKENS, MODEL_NAME, ScriptedModel
from deputize.gate.decide import Bounds, decide
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Tool, Verdict
from deputize.workspace.processes.identity import identify, is_running
from deputize.workspace.processes.tree import find_tree
from tests.agents.rigs import DENY
from tests.agents.sharing import MARK, SCRIPT, Crew, appears, away, die_and_go_on, together
from tests.fixtures.pools import USUAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


pytestmark = pytest.mark.anyio


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(SCRIPT) as served:
        yield served


@pytest.fixture
def shells(tmp_path: Path) -> Path:
    """Give the folder of scripts for shells."""
    folder = tmp_path / "it's $HOME; for shells"
    folder.mkdir()
    return folder


@pytest.fixture
async def pool(shells: Path) -> AsyncIterator[Pool]:
    """Give a pool of two, of which nothing is left afterwards."""
    made = Pool(replace(USUAL, clients=2), mark=MARK, folder=shells)
    yield made
    await made.drain()
    assert not find_tree(MARK)


@pytest.fixture
def crew(
    pool: Pool,
    copilot_runtime: Path,
    tmp_path: Path,
    model: ScriptedModel,
    program_environment: dict[str, str],
) -> Crew:
    """Give attempts that share the pool, all with the same provider."""
    provider = Provider(
        name="scripted", type="openai", base_url=model.openai_url, key_variable="KEY"
    )
    base = Job(
        prompt="",
        workspace=tmp_path,
        environment=program_environment,
        secrets={"KEY": "dummy"},
        model=MODEL_NAME,
        provider=provider,
        state=tmp_path / "state",
    )
    return Crew(CopilotAgent(path=str(copilot_runtime), pool=pool), tmp_path, base)


async def test_several_work_at_once_in_one_runtime(crew: Crew) -> None:
    """Each in its own folder and session, by its own gate, and with its own usage."""
    free = crew.hand("free", "Please write the note")
    held = crew.hand("held", "Please write the note", DENY)
    idle = crew.hand("idle", "Please do nothing")
    await together(free, held, idle)
    assert {each.outcome for each in (free, held, idle)} == {Outcome.SUCCEEDED}
    assert len({each.pid() for each in (free, held, idle)}) == 1
    assert len({each.session() for each in (free, held, idle)}) == 3
    assert (free.job.workspace / "note.txt").exists()
    assert not (held.job.workspace / "note.txt").exists()
    told = [each.input_tokens() // INPUT_TOKENS for each in (free, held, idle)]
    assert told == [2, 2, 1]


async def test_the_next_one_gets_the_runtime_that_is_there(crew: Crew) -> None:
    """It is kept for whoever asks for the same."""
    first, second = (crew.hand(name, "Please do nothing") for name in "ab")
    await first.work()
    await second.work()
    assert first.pid() == second.pid()


async def test_commands_know_whose_they_are(crew: Crew) -> None:
    """What is an attempt's own is in the environment of its commands, and of no others'."""
    first, second = (crew.hand(name, "Please show the environment") for name in ("one", "two"))
    await together(first, second)
    for hand in (first, second):
        shown = (hand.job.workspace / "environment.txt").read_text(encoding="utf-8")
        for name in ("DEPUTIZE_TASK", "DEPUTIZE_ATTEMPT"):
            assert f"\n{name}={hand.job.environment[name]}\n" in f"\n{shown}"
        assert "dummy" not in shown


async def test_no_attempt_may_change_what_others_shells_read(
    crew: Crew, shells: Path, model: ScriptedModel
) -> None:
    """What puts marks into commands lies nowhere that the gate lets an agent write."""
    hand = crew.hand("a", "Please wait for me")
    bounds = Bounds(workspace=str(hand.job.workspace), may_write=True, own=(str(hand.job.state),))
    async with anyio.create_task_group() as group:
        group.start_soon(hand.work)
        await anyio.to_thread.run_sync(model.wait_for_request, hand.has_begun)
        (script,) = shells.glob("*")  # noqa: ASYNC240 - a short look
        write = Action(tool=Tool.WRITE, name="create", summary="", paths=(str(script),))
        assert decide(write, bounds, write.paths).verdict is Verdict.DENY
        model.open("go")


@pytest.mark.parametrize(
    "change",
    [
        lambda job: replace(job, secrets={"KEY": "another"}),
        lambda job: replace(job, environment={**job.environment, "LANG": "C"}),
        lambda job: replace(job, state=job.workspace / "another"),
    ],
    ids=["credential", "environment", "state"],
)
async def test_nothing_is_shared_with_whom_it_was_not_started_for(
    crew: Crew, change: object
) -> None:
    """Another credential, environment or folder of state has a runtime of its own."""
    assert callable(change)
    first, other = (crew.hand(name, "Please do nothing") for name in "ab")
    other.job = change(other.job)
    await together(first, other)
    assert first.outcome is other.outcome is Outcome.SUCCEEDED
    assert first.pid() != other.pid()


async def test_who_is_cancelled_leaves_nothing_and_the_others_go_on(crew: Crew) -> None:
    """Its command, what that put in the background, and what left its session are gone."""
    ended, goes_on = (crew.hand(name, "Please stay") for name in ("ended", "goes-on"))
    async with anyio.create_task_group() as group:
        for hand in (ended, goes_on):
            group.start_soon(hand.work)
            await appears(hand.job.workspace / "there")
        gone, stays = (away(hand) for hand in (ended, goes_on))
        assert is_running(gone)
        ended.scope.cancel()
        with anyio.fail_after(20):
            while not ended.scope.cancelled_caught:  # noqa: ASYNC110 - a scope tells nobody
                await anyio.sleep(0.01)
        assert not ended.left()
        assert not is_running(gone)
        assert is_running(stays)
        (goes_on.job.workspace / "go").touch()
    assert goes_on.outcome is Outcome.SUCCEEDED
    assert goes_on.pid() == ended.pid()
    assert not goes_on.left()


async def test_what_a_finished_command_left_behind_goes_with_its_attempt(crew: Crew) -> None:
    """Also what forks without starting a program, and so bears no mark; while others go on."""
    hand, goes_on = crew.hand("a", "Please leave something"), crew.hand("b", "Please stay")
    async with anyio.create_task_group() as group:
        group.start_soon(goes_on.work)
        await appears(goes_on.job.workspace / "there")
        await hand.work()
        assert hand.outcome is Outcome.SUCCEEDED
        forked = identify(int((hand.job.workspace / "forked").read_text()))
        assert forked is None or not is_running(forked)
        assert not hand.left()
        (goes_on.job.workspace / "go").touch()
    assert goes_on.outcome is Outcome.SUCCEEDED


async def test_no_script_of_a_session_stays(crew: Crew, shells: Path) -> None:
    """Its own goes with it; one of long ago, whose worker was killed, with the next one."""
    old, new = shells / "shell-old.sh", shells / "shell-new.sh"
    for script in (old, new):
        script.touch()
    os.utime(old, (0, 0))
    await crew.hand("a", "Please do nothing").work()
    assert list(shells.glob("*")) == [new]  # noqa: ASYNC240 - as above


async def test_when_the_runtime_is_killed_all_know_and_go_on_in_another(
    crew: Crew, model: ScriptedModel
) -> None:
    """Each ends as crashed, and the next try resumes its session in a new process."""
    await die_and_go_on(crew, model, "abc")


async def test_a_session_that_can_not_be_ended_taints_its_runtime(
    crew: Crew, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A runtime that doesn't answer is ended, and the next attempt gets another."""
    monkeypatch.setattr(running, "ABORT_SECONDS", 0.2)
    monkeypatch.setattr("deputize.agents.copilot.sdk.STOP_SECONDS", 0.2)
    stuck = crew.hand("stuck", "Please wait for me")
    async with anyio.create_task_group() as group:
        group.start_soon(stuck.work)
        await anyio.to_thread.run_sync(model.wait_for_request, "wait for me")
        os.kill(stuck.pid(), signal.SIGSTOP)
        stuck.scope.cancel()
    assert identify(stuck.pid()) is None
    after = crew.hand("after", "Please do nothing")
    await after.work()
    assert (after.outcome, after.pid() == stuck.pid()) == (Outcome.SUCCEEDED, False)
