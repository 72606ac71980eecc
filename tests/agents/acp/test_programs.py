"""Real programs of the Agent Client Protocol that serve several attempts at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.base import Job
from deputize.clock import SystemClock
from deputize.demo.model import ScriptedModel
from deputize.model.outcome import Outcome
from deputize.model.policy import Tool
from deputize.workspace.processes.tree import find_tree
from tests.agents.rigs import (
    CODEX_ACP_SHARED,
    COPILOT_ACP_SHARED,
    DENY,
    GOOSE_SHARED,
    Kind,
)
from tests.agents.sharing import (
    MARK,
    SCRIPT,
    Crew,
    Hand,
    appears,
    die_and_go_on,
    tended,
    together,
    waits_for,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from deputize.agents.pool.pool import Pool


pytestmark = pytest.mark.anyio
KINDS = [
    pytest.param(COPILOT_ACP_SHARED, id="copilot-acp"),
    pytest.param(GOOSE_SHARED, id="goose", marks=pytest.mark.real),
    pytest.param(CODEX_ACP_SHARED, id="codex-acp", marks=pytest.mark.real),
]


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(SCRIPT) as served:
        yield served


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give a pool of two."""
    async with tended(tmp_path) as made:
        yield made


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Give each program that may be shared."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def crew(
    kind: Kind,
    pool: Pool,
    tmp_path: Path,
    model: ScriptedModel,
    program_environment: dict[str, str],
) -> Crew:
    """Give attempts that share the pool, all with the same environment."""
    base = Job(
        prompt="",
        workspace=tmp_path,
        environment={**program_environment, **kind.variables(model)},
        secrets={"SCRIPTED_KEY": "dummy"},
        state=tmp_path / "state",
    )
    agent = kind.make(SystemClock())
    assert isinstance(agent, AcpAgent)
    agent.pool = pool
    return Crew(agent, tmp_path, base)


async def test_several_work_at_once_in_one_program(crew: Crew, kind: Kind) -> None:
    """Each in its own folder and session, by its own gate: what one may not, another may."""
    free = crew.hand("free", "Please write the note")
    held = crew.hand("held", "Please write the note", DENY)
    idle = crew.hand("idle", "Please do nothing")
    await together(free, held, idle)
    assert {free.outcome, idle.outcome} == {Outcome.SUCCEEDED}
    assert len({each.pid() for each in (free, held, idle)}) == 1
    assert len({each.session() for each in (free, held, idle)}) == 3
    assert (free.job.workspace / "note.txt").read_text(encoding="utf-8") == "one\n"
    if kind.asks:
        for hand in (free, held):
            assert [action.tool for action in hand.asked] == [Tool.WRITE]
            assert hand.asked[0].paths == (str(hand.job.workspace / "note.txt"),)
        assert not (held.job.workspace / "note.txt").exists()
    assert not idle.asked


async def test_their_models_think_at_the_same_time(crew: Crew, model: ScriptedModel) -> None:
    """No session waits for another: all of them have asked before any is answered."""
    hands = [crew.hand(name, "Please wait for me") for name in "abc"]
    async with anyio.create_task_group() as group:
        for hand in hands:
            group.start_soon(hand.work)
        for hand in hands:
            await anyio.to_thread.run_sync(waits_for, model, hand)
        model.open("go")
    assert {each.outcome for each in hands} == {Outcome.SUCCEEDED}
    assert all((each.job.workspace / "begun").exists() for each in hands)


async def test_the_next_one_gets_the_program_that_is_there(crew: Crew) -> None:
    """It works on after it was settled: what it needs for itself is not ended then."""
    first, second = (crew.hand(name, "Please write the note") for name in "ab")
    await first.work()
    await second.work()
    assert first.pid() == second.pid()
    assert (second.job.workspace / "note.txt").exists()


async def test_who_is_cancelled_leaves_nothing_and_the_others_go_on(crew: Crew) -> None:
    """Its command, what that put in the background, and what left its session are gone."""
    ended, goes_on = (crew.hand(name, "Please stay") for name in ("ended", "goes-on"))
    async with anyio.create_task_group() as group:
        for hand in (ended, goes_on):
            group.start_soon(hand.work)
            await appears(hand.job.workspace / "there")
        assert await settled(lambda: len(sleepers(ended)) == len(sleepers(goes_on)) == 2)
        ended.scope.cancel()
        assert await settled(lambda: ended.scope.cancelled_caught)
        assert not sleepers(ended)
        assert len(sleepers(goes_on)) == 2
        (goes_on.job.workspace / "go").touch()
    assert goes_on.outcome is Outcome.SUCCEEDED
    assert goes_on.pid() == ended.pid()
    assert not sleepers(goes_on)


async def settled(look: Callable[[], bool]) -> bool:
    """Return true once it is so; processes and scopes tell nobody."""
    with anyio.fail_after(20):
        while not look():  # noqa: ASYNC110 - as it says
            await anyio.sleep(0.01)
    return True


def sleepers(hand: Hand) -> list[Path]:
    """Return what was left in the background by an attempt's commands, wherever that went."""
    place = str(hand.job.workspace).encode()
    found = (Path(f"/proc/{each.pid}") for each in find_tree(MARK))
    return [each for each in found if is_sleeper(each, place)]


def is_sleeper(process: Path, place: bytes) -> bool:
    """Tell whether a process sleeps, and was started in a place or by somebody from there."""
    try:
        words = (process / "cmdline").read_bytes()
        variables = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return words.startswith(b"sleep\x0030") and any(
        each.endswith(b"=" + place) for each in variables
    )


async def test_when_the_program_is_killed_all_know_and_go_on_in_another(
    crew: Crew, model: ScriptedModel
) -> None:
    """Each ends as crashed, and the next try resumes its session in a new process."""
    await die_and_go_on(crew, model, "ab")


async def test_a_session_is_gone_on_in_within_the_same_program(
    crew: Crew, model: ScriptedModel
) -> None:
    """Whoever takes it up hears what was said before, though nothing was started anew."""
    first = crew.hand("a", "Please remember the plum")
    await first.work()
    again = crew.hand("a", "Go on")
    again.job = replace(again.job, session=first.session())
    await again.work()
    assert again.outcome is Outcome.SUCCEEDED
    assert (again.pid(), again.session()) == (first.pid(), first.session())
    asked = [request for request in model.requests if request.scene is not None]
    assert [request.scene for request in asked] == ["remember", "remember"]
    assert "Go on" in asked[-1].prompt
