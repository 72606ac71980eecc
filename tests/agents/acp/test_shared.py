"""One program for several attempts: what it does in one session is nothing to the others."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.gate.decide import Bounds, decide
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Tool, Verdict
from deputize.workspace.processes.identity import identify, is_running
from tests.agents.acp.crowd import CROWD, agent, place, said, seen
from tests.agents.rigs import DENY
from tests.agents.sharing import MARK, Crew, Hand, appears, together

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.agents.base import Job
    from deputize.agents.pool.pool import Pool
    from deputize.model.policy import Decision

pytestmark = pytest.mark.anyio


async def test_each_hears_its_own_session(crew: Crew) -> None:
    """Both are in the midst of a turn when either goes on, and their answers are their own."""
    first, second = (crew.hand(name, "wait") for name in ("one", "two"))
    async with anyio.create_task_group() as group:
        for hand in (first, second):
            group.start_soon(hand.work)
        for hand in (first, second):
            await appears(place(hand, "begun"))
        for hand in (second, first):
            place(hand, "go").touch()
    assert {first.outcome, second.outcome} == {Outcome.SUCCEEDED}
    assert (said(first), said(second)) == ("Done in one.", "Done in two.")
    assert first.pid() == second.pid()
    assert first.session() != second.session()


async def test_each_asks_its_own_gate(crew: Crew) -> None:
    """What one may not do, the other does, and neither hears of the other's wish."""
    free, held = crew.hand("free", "write"), crew.hand("held", "write", DENY)
    await together(free, held)
    assert [place(each, "note.txt").exists() for each in (free, held)] == [True, False]
    assert [each.asked[0].paths for each in (free, held)] == [
        (str(place(each, "note.txt")),) for each in (free, held)
    ]


async def test_a_session_that_nobody_holds_gets_nothing(crew: Crew) -> None:
    """What is said in it is dropped, and what is asked for there is refused without the gate."""
    hand = crew.hand("a", "trespass nobody")
    await hand.work()
    assert place(hand, "outcome.txt").read_text() == "cancelled"
    assert not hand.asked
    assert "Foreign" not in said(hand)


async def test_who_has_left_is_asked_nothing_more(crew: Crew) -> None:
    """A session goes on in secret, while the program is used by another: it gets no permission."""
    left, stays = crew.hand("left", "linger"), crew.hand("stays", "wait")
    async with anyio.create_task_group() as group:
        group.start_soon(stays.work)
        await appears(place(stays, "begun"))
        await left.work()
        place(left, "go").touch()
        await appears(place(left, "outcome.txt"))
        place(stays, "go").touch()
    assert place(left, "outcome.txt").read_text() == "cancelled"
    assert not left.asked


async def test_who_is_cancelled_while_its_gate_is_asked_waits_for_no_answer(crew: Crew) -> None:
    """The agent is told that it may not, so that its turn ends, and the program serves on."""
    asked = anyio.Event()

    class Undecided(Hand):
        async def _gate(self, action: Action) -> Decision:
            asked.set()
            await anyio.sleep_forever()
            raise AssertionError(action)

    plain = crew.hand("a", "write")
    hand = Undecided(crew.agent, plain.job)
    async with anyio.create_task_group() as group:
        group.start_soon(hand.work)
        await asked.wait()
        hand.scope.cancel()
    assert place(hand, "outcome.txt").read_text() == "cancelled"
    after = crew.hand("b", "write")
    await after.work()
    assert after.pid() == hand.pid()


async def test_a_yes_that_comes_when_its_attempt_is_over_permits_nothing(crew: Crew) -> None:
    """Though its gate doesn't give up: what is begun there, such as a record, is seen through."""
    asked, late = anyio.Event(), anyio.Event()

    class Slow(Hand):
        async def _gate(self, action: Action) -> Decision:
            asked.set()
            with anyio.CancelScope(shield=True):
                await late.wait()
            return await super()._gate(action)

    hand = Slow(crew.agent, crew.hand("a", "write").job)
    async with anyio.create_task_group() as group:
        group.start_soon(hand.work)
        await asked.wait()
        hand.scope.cancel()
        await anyio.wait_all_tasks_blocked()
        late.set()
    assert place(hand, "outcome.txt").read_text() == "cancelled"
    assert not place(hand, "note.txt").exists()


async def test_a_gate_that_fails_fails_its_own_attempt(crew: Crew) -> None:
    """What it raised is raised to that one alone."""

    class Failing(Hand):
        async def _gate(self, action: Action) -> Decision:
            raise RuntimeError(action.tool)

    other = crew.hand("other", "wait")
    failing = Failing(crew.agent, crew.hand("failing", "write").job)
    async with anyio.create_task_group() as group:
        group.start_soon(other.work)
        await appears(place(other, "begun"))
        with pytest.raises(RuntimeError, match="write"):
            await failing.work()
        place(other, "go").touch()
    assert other.outcome is Outcome.SUCCEEDED
    assert not place(failing, "note.txt").exists()


async def test_a_session_is_closed_when_its_attempt_is_over(crew: Crew) -> None:
    """So that the program need not keep it; the next attempt gets that program."""
    first, second = (crew.hand(name, "write") for name in "ab")
    await first.work()
    assert place(first, "closed").exists()
    await second.work()
    assert first.pid() == second.pid()


async def test_a_program_that_closes_no_sessions_is_shared_all_the_same(
    make: Callable[..., Crew],
) -> None:
    """It isn't asked to, and a turn that is over is over."""
    crew = make("keeps")
    first, second = (crew.hand(name, "write") for name in "ab")
    await together(first)
    await together(second)
    assert first.pid() == second.pid()
    assert not place(first, "closed").exists()


async def test_a_session_that_is_not_seen_to_end_keeps_others_away(crew: Crew) -> None:
    """The one who is there goes on, and the next one gets another program."""
    stays, deaf = crew.hand("stays", "wait"), crew.hand("deaf", "ignore")
    async with anyio.create_task_group() as group:
        for hand in (stays, deaf):
            group.start_soon(hand.work)
            await appears(place(hand, "begun"))
        deaf.scope.cancel()
        after = crew.hand("after", "write")
        while not deaf.scope.cancelled_caught:  # noqa: ASYNC110 - a scope tells nobody
            await anyio.sleep(0.01)
        await after.work()
        place(stays, "go").touch()
    assert stays.outcome is after.outcome is Outcome.SUCCEEDED
    assert stays.pid() == deaf.pid() != after.pid()
    assert identify(stays.pid()) is None


@pytest.mark.parametrize("way", ["clings", "silent"])
async def test_doubt_about_a_session_keeps_others_away(make: Callable[..., Crew], way: str) -> None:
    """One that would not be closed, and one of which nobody knows whether it was begun."""
    crew = make(way)
    first, second = (crew.hand(name, "write") for name in "ab")
    for hand in (first, second):
        async with anyio.create_task_group() as group:
            group.start_soon(hand.work)
            await appears(place(hand, "environment.json"))
            if way == "silent":
                hand.scope.cancel()
    assert first.pid() != second.pid()
    assert identify(first.pid()) is None


async def test_two_sessions_of_one_name_are_not_mixed_up(make: Callable[..., Crew]) -> None:
    """The second one is refused, the first goes on, and nobody else joins such a program."""
    crew = make("twins")
    first, second, third = (crew.hand(name, "wait") for name in "abc")
    async with anyio.create_task_group() as group:
        group.start_soon(first.work)
        await appears(place(first, "begun"))
        await second.work()
        group.start_soon(third.work)
        await appears(place(third, "begun"))
        for hand in (first, third):
            place(hand, "go").touch()
    assert second.report
    assert second.outcome is Outcome.AGENT_ERROR
    assert "is being worked in already" in (second.report.error or "")
    assert first.outcome is third.outcome is Outcome.SUCCEEDED
    assert first.pid() == second.pid() != third.pid()


async def test_a_session_of_endless_name_is_not_kept(make: Callable[..., Crew]) -> None:
    """It could be resumed by nobody: the attempt fails."""
    hand = make("long").hand("a", "write")
    await hand.work()
    assert hand.report
    assert hand.outcome is Outcome.AGENT_ERROR
    assert "180 characters" in (hand.report.error or "")


@pytest.mark.parametrize(
    "change",
    [
        lambda hand, _: replace(hand.job, secrets={"KEY": "another"}),
        lambda hand, _: replace(
            hand.job, environment={**hand.job.environment, "MODEL_KEY": "another"}
        ),
        lambda hand, _: replace(hand.job, model="another"),
        lambda hand, pool: setattr(hand, "agent", agent(pool, "keeps")),
        lambda hand, pool: setattr(hand, "agent", agent(pool, version=2)),
    ],
    ids=["credential", "environment", "model", "arguments", "version"],
)
async def test_nothing_is_shared_with_whom_it_was_not_started_for(
    crew: Crew, pool: Pool, change: Callable[[Hand, Pool], Job | None]
) -> None:
    """Who has another key, environment or command line has another program."""
    first, second = (crew.hand(name, "wait") for name in "ab")
    second.job = change(second, pool) or second.job
    async with anyio.create_task_group() as group:
        for hand in (first, second):
            group.start_soon(hand.work)
            await appears(place(hand, "begun"))
        for hand in (first, second):
            place(hand, "go").touch()
    assert first.outcome is second.outcome is Outcome.SUCCEEDED
    assert first.pid() != second.pid()


@pytest.mark.parametrize("interpreter", [(), ("/bin/sh",)], ids=["program", "script"])
async def test_a_program_that_was_replaced_is_started_anew(
    crew: Crew, pool: Pool, tmp_path: Path, interpreter: tuple[str, ...]
) -> None:
    """An update under the same name doesn't go on as what was there before."""
    program = tmp_path / "program"

    def write(remark: str) -> None:
        program.write_text(f'#!/bin/sh\n# {remark}\nexec {sys.executable} -I {CROWD} "$@"\n')
        program.chmod(0o755)

    hands = [crew.hand(name, "write") for name in "abc"]
    write("one")
    for hand, remark in zip(hands, ("one", "one", "another"), strict=True):
        if remark != "one":
            write(remark)
        hand.agent = AcpAgent("program", (*interpreter, str(program)), pool=pool)
        await hand.work()
    assert hands[0].pid() == hands[1].pid() != hands[2].pid()


async def test_nothing_of_one_attempt_is_in_the_program(crew: Crew, pool: Pool) -> None:
    """It bears the mark of the pool, and starts in a folder where no agent may write."""
    hand = crew.hand("a", "write")
    await hand.work()
    told = seen(hand)
    assert {n: v for n, v in told.items() if n.startswith("DEPUTIZE_")}.keys() == {
        "DEPUTIZE_ATTEMPT",
        "DEPUTIZE_RUN",
    }
    assert told["DEPUTIZE_ATTEMPT"] == MARK
    assert Path(told["cwd"]) == pool.folder / "programs" if pool.folder else None
    bounds = Bounds(workspace=str(hand.job.workspace), may_write=True, own=(str(hand.job.state),))
    settings = f"{told['cwd']}/settings.json"
    write = Action(tool=Tool.WRITE, name="create", summary="", paths=(settings,))
    assert decide(write, bounds, write.paths).verdict is Verdict.DENY


async def test_what_was_left_behind_goes_with_its_attempt(crew: Crew) -> None:
    """Though its program goes on, and with it another attempt's."""
    stays, hand = crew.hand("stays", "wait"), crew.hand("leaves", "leave")
    async with anyio.create_task_group() as group:
        group.start_soon(stays.work)
        await appears(place(stays, "begun"))
        await hand.work()
        forked = identify(int(place(hand, "forked").read_text()))
        assert forked is None or not is_running(forked)
        assert identify(stays.pid())
        place(stays, "go").touch()
    assert hand.outcome is stays.outcome is Outcome.SUCCEEDED
