"""Attempts that share a program, and what the scripted model does there."""

from __future__ import annotations

import os
import signal
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import AgentEvent, Job, ProcessStarted, SessionStarted, Used
from deputize.agents.pool.pool import Pool
from deputize.demo.model import RunShell, Scene, Script, Turn
from deputize.model.outcome import Outcome
from deputize.workspace.processes.environment import pool_marker
from deputize.workspace.processes.identity import identify
from deputize.workspace.processes.tree import find_tree
from tests.agents.rigs import ALLOW
from tests.agents.scenes import SCRIPT as CONFORMANCE
from tests.fixtures.pools import USUAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from deputize.agents.base import Agent, Report
    from deputize.demo.model import ModelRequest, ScriptedModel
    from deputize.model.policy import Action, Decision
    from deputize.workspace.processes.identity import ProcessIdentity

MARK = pool_marker(f"a worker of the tests in process {os.getpid()}")
"""What the programs are marked with that attempts of this test process share."""
STAY = (
    "cd {workspace}; sleep 300 & (cd /; setsid sleep 301 & echo $! > {workspace}/away); "
    "touch there; until test -e go; do sleep 0.02; done"
)
LEAVE = "cd {workspace}; (while :; do read -r -t 0.1 < /dev/zero; done) & echo $! > forked"
SCRIPT = Script(
    scenes=(
        *CONFORMANCE.scenes,
        Scene(
            name="stay",
            contains="Please stay",
            turns=(Turn(steps=(RunShell(command=STAY),)), Turn(say="I have gone.")),
        ),
        Scene(
            name="leave",
            contains="Please leave something",
            turns=(Turn(steps=(RunShell(command=LEAVE),)), Turn(say="It is there.")),
        ),
        Scene(
            name="wait",
            contains="Please wait for me",
            turns=(
                Turn(steps=(RunShell(command="touch {workspace}/begun"),)),
                Turn(say="Here I am.", wait_for="go"),
            ),
        ),
    )
)


class Hand:
    """One attempt: its folder, its mark, and what was heard of it."""

    def __init__(self, agent: Agent, job: Job, decision: Decision = ALLOW) -> None:
        """Prepare to run a job."""
        self.job = job
        self.events: list[AgentEvent] = []
        self.asked: list[Action] = []
        self.report: Report | None = None
        self.agent = agent
        self._decision = decision
        self.scope = anyio.CancelScope()

    async def work(self) -> None:
        """Run it until it ends, or is cancelled."""
        with self.scope:
            self.report = await self.agent.run(self.job, self._gate, self.events.append)

    async def _gate(self, action: Action) -> Decision:
        self.asked.append(action)
        return self._decision

    def has_begun(self, request: ModelRequest) -> bool:
        """Tell whether a request to the model is this one's second: then it has done something."""
        return request.turn == 1 and str(self.job.workspace) in request.prompt

    @property
    def outcome(self) -> Outcome | None:
        """How it ended."""
        return self.report.outcome if self.report else None

    def pid(self) -> int:
        """Return the process that it was told of, which is not its own."""
        (told,) = (each for each in self.events if isinstance(each, ProcessStarted))
        assert told.shared
        return told.pid

    def session(self) -> str:
        """Return its session."""
        (told,) = (each.token for each in self.events if isinstance(each, SessionStarted))
        return told

    def input_tokens(self) -> int:
        """Return what it was told to have used."""
        used = [each.usage.input_tokens for each in self.events if isinstance(each, Used)]
        return sum(each or 0 for each in used)

    def left(self) -> set[ProcessIdentity]:
        """Return what still bears its mark."""
        return find_tree(self.job.environment["DEPUTIZE_ATTEMPT"])


class Crew:
    """Attempts of one agent that share its programs."""

    def __init__(self, agent: Agent, folder: Path, base: Job) -> None:
        """Give each attempt a folder below `folder`."""
        self.agent = agent
        self._folder = folder
        self._base = base

    def hand(self, name: str, prompt: str, decision: Decision = ALLOW, **variables: str) -> Hand:
        """Make an attempt called `name`."""
        workspace = self._folder / name
        workspace.mkdir(exist_ok=True)
        marks = {"DEPUTIZE_TASK": name, "DEPUTIZE_ATTEMPT": f"{MARK}-{name}"}
        environment = {**self._base.environment, **marks, **variables}
        job = replace(self._base, workspace=workspace, environment=environment)
        return Hand(self.agent, replace(job, prompt=f"{prompt} in {workspace}"), decision)


@asynccontextmanager
async def tended(folder: Path) -> AsyncIterator[Pool]:
    """Give a pool of two that somebody tends, of which nothing is left afterwards."""
    pool = Pool(replace(USUAL, clients=2), mark=MARK, folder=folder)
    async with anyio.create_task_group() as group:
        group.start_soon(pool.tend)
        yield pool
        await pool.drain()
        group.cancel_scope.cancel()
    assert not find_tree(MARK)


async def together(*hands: Hand) -> None:
    """Let several work at once."""
    async with anyio.create_task_group() as group:
        for hand in hands:
            group.start_soon(hand.work)


def away(hand: Hand) -> ProcessIdentity:
    """Return the process that has left the session of the command that started it."""
    found = identify(int((hand.job.workspace / "away").read_text()))
    assert found
    return found


async def appears(path: Path) -> None:
    """Return once a command has made a file."""
    with anyio.fail_after(40):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await anyio.sleep(0.01)


def waits_for(model: ScriptedModel, hand: Hand) -> None:
    """Return once an attempt has done something and its model is asked again."""
    model.wait_for_request(hand.has_begun, timeout_seconds=50)


async def die_and_go_on(crew: Crew, model: ScriptedModel, names: str) -> None:
    """Kill the program of some attempts in their midst, and have each resume its session."""
    hands = [crew.hand(name, "Please wait for me") for name in names]
    async with anyio.create_task_group() as group:
        for hand in hands:
            group.start_soon(hand.work)
        for hand in hands:
            await anyio.to_thread.run_sync(waits_for, model, hand)
        os.kill(hands[0].pid(), signal.SIGKILL)
    assert {each.outcome for each in hands} == {Outcome.AGENT_CRASHED}
    model.open("go")
    again = [crew.hand(name, "Please go on") for name in names]
    for before, after in zip(hands, again, strict=True):
        after.job = replace(after.job, session=before.session())
    await together(*again)
    assert {each.outcome for each in again} == {Outcome.SUCCEEDED}
    assert [each.session() for each in again] == [each.session() for each in hands]
    assert {each.pid() for each in again}.isdisjoint({each.pid() for each in hands})
