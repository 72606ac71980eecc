"""A program that attempts share: how it comes up, who may go, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.acp.hosted import Hosted
from deputize.agents.base import Job, Noted, ProcessStarted
from deputize.agents.pool.pool import Pool
from deputize.errors import InvalidInput
from deputize.model.outcome import Outcome
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.identity import identify, is_running
from deputize.workspace.processes.program import Command
from deputize.workspace.processes.shared import megabytes_of
from tests.agents.acp.crowd import CROWD, agent, place
from tests.agents.sharing import MARK, Crew, appears
from tests.fixtures.pools import USUAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.anyio


async def test_who_started_it_may_go_and_the_others_go_on(crew: Crew) -> None:
    """It belongs to the pool, not to the attempt that it was started for."""
    first, second = (crew.hand(name, "wait") for name in "ab")
    async with anyio.create_task_group() as group:
        for hand in (first, second):
            group.start_soon(hand.work)
            await appears(place(hand, "begun"))
        first.scope.cancel()
        while not first.scope.cancelled_caught:  # noqa: ASYNC110 - as above
            await anyio.sleep(0.01)
        place(second, "go").touch()
    assert second.outcome is Outcome.SUCCEEDED
    assert second.pid() == first.pid()


async def test_who_goes_while_it_comes_up_leaves_no_half_of_one(
    make: Callable[..., Crew], tmp_path: Path
) -> None:
    """It is ended, and the next in line has another started."""
    crew = make("waits")
    first, second = (crew.hand(name, "write") for name in "ab")
    async with anyio.create_task_group() as group:
        group.start_soon(first.work)
        (half,) = await those_up(tmp_path, 1)
        group.start_soon(second.work)
        await anyio.wait_all_tasks_blocked()
        first.scope.cancel()
        both = await those_up(tmp_path, 2)
        assert identify(half) is None
        (tmp_path / "go").touch()
    assert second.outcome is Outcome.SUCCEEDED
    assert {second.pid()} == both - {half}
    assert not [each for each in first.events if isinstance(each, ProcessStarted)]


async def test_what_it_needs_itself_lives_as_long_as_it(
    make: Callable[..., Crew], pool: Pool, tmp_path: Path
) -> None:
    """What ran before the first session is no session's: it isn't ended with any of them."""
    crew = make("helped")
    first, second = (crew.hand(name, "leave") for name in "ab")
    await first.work()
    helper = identify(int((tmp_path / "helper").read_text()))
    assert helper
    await second.work()
    assert first.pid() == second.pid()
    assert is_running(helper)
    await pool.drain()
    assert not is_running(helper)


async def test_what_it_holds_is_told_with_what_it_needs_itself(pool: Pool, tmp_path: Path) -> None:
    """A large helper makes it large."""
    environment = {"PATH": "/usr/bin:/bin", "SIGNS": str(tmp_path), "DEPUTIZE_ATTEMPT": MARK}
    argv = agent(pool, "helped").command
    hosted = Hosted(Command(argv=argv, cwd=tmp_path, env=environment), 1)
    await pool.host(hosted.serve)
    helper = identify(int((tmp_path / "helper").read_text()))
    program = identify(hosted.pid)
    assert helper
    assert program
    both = megabytes_of(program) + megabytes_of(helper)
    await hosted.settle()
    assert hosted.megabytes() == pytest.approx(both, rel=0.2)
    await hosted.close()
    assert not is_running(helper)


async def those_up(signs: Path, count: int) -> set[int]:
    """Return the programs that came up, once there are as many."""
    with anyio.fail_after(30):
        while len(found := list(signs.glob("up-*"))) < count:  # noqa: ASYNC110, ASYNC240 - as above
            await anyio.sleep(0.01)
    return {int(each.name.removeprefix("up-")) for each in found}


@pytest.mark.parametrize("word", ["crash", "hang-up"])
async def test_when_it_is_gone_all_know_why(crew: Crew, word: str) -> None:
    """Each ends as crashed, with the program's last words; before, nobody heard its errors."""
    waits, breaks = crew.hand("waits", "wait"), crew.hand("breaks", word)
    async with anyio.create_task_group() as group:
        group.start_soon(waits.work)
        await appears(place(waits, "begun"))
        await breaks.work()
    for hand in (waits, breaks):
        assert hand.report
        assert hand.outcome is Outcome.AGENT_CRASHED
        assert not [each for each in hand.events if isinstance(each, Noted)]
        if word == "crash":
            assert hand.report.exit_code == 7
            assert "out of luck" in (hand.report.error or "")
    after = crew.hand("after", "write")
    await after.work()
    assert after.outcome is Outcome.SUCCEEDED


async def test_one_that_died_while_nobody_used_it_is_not_lent(crew: Crew) -> None:
    """The next attempt has another started."""
    first, second = (crew.hand(name, "write") for name in "ab")
    await first.work()
    gone = identify(first.pid())
    assert gone
    os.kill(gone.pid, signal.SIGKILL)
    while is_running(gone):  # noqa: ASYNC110 - a process tells nobody
        await anyio.sleep(0.01)
    await second.work()
    assert second.outcome is Outcome.SUCCEEDED
    assert second.pid() != first.pid()


async def test_a_program_that_leaves_at_once_says_why(make: Callable[..., Crew]) -> None:
    """What it wrote before it left is what it amounts to, as for one that is not shared."""
    hand = make("leaves").hand("a", "write")
    await hand.work()
    assert hand.report
    assert hand.outcome is Outcome.AUTH_FAILED
    assert "Not logged in" in (hand.report.error or "")


async def test_a_program_that_can_not_be_started_is_an_error(crew: Crew, pool: Pool) -> None:
    """The attempt ends as it would with one of its own."""
    hand = crew.hand("a", "write")
    program = hand.job.workspace / "program"
    program.write_text("#!/nowhere/to/be/found\n")
    program.chmod(0o755)
    hand.agent = AcpAgent("broken", (str(program),), pool=pool)
    await hand.work()
    assert hand.outcome is Outcome.AGENT_ERROR


async def test_who_is_contained_has_a_program_of_its_own(crew: Crew) -> None:
    """A namespace is around a program: two that share one would share it too."""
    prefix = await anyio.to_thread.run_sync(containment_prefix)
    if not prefix:
        pytest.skip("this system allows no PID namespace")
    hand = crew.hand("a", "write")
    hand.job = replace(hand.job, launcher=prefix)
    await hand.work()
    assert hand.outcome is Outcome.SUCCEEDED
    (told,) = (each for each in hand.events if isinstance(each, ProcessStarted))
    assert not told.shared


async def test_a_program_of_the_workspace_is_not_shared(
    crew: Crew, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What each attempt may change is each attempt's own."""
    hand = crew.hand("a", "write")
    program = hand.job.workspace / "program"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -I {CROWD}\n")
    program.chmod(0o755)
    monkeypatch.chdir(hand.job.workspace)
    hand.agent = AcpAgent("own", ("./program",), pool=pool)
    await hand.work()
    assert hand.outcome is Outcome.SUCCEEDED
    (told,) = (each for each in hand.events if isinstance(each, ProcessStarted))
    assert not told.shared


async def test_with_nobody_to_tend_it_a_pool_hosts_nothing(tmp_path: Path) -> None:
    """That is a mistake of ours, and raised."""
    crew = Crew(
        agent(Pool(USUAL, folder=tmp_path)),
        tmp_path,
        Job(prompt="", workspace=tmp_path, environment={"PATH": "/usr/bin:/bin"}),
    )
    with pytest.raises(InvalidInput, match="nobody tends"):
        await crew.hand("a", "write").work()
