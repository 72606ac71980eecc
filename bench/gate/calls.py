"""Tool calls on record: what an answer with its entry adds to a call, and what the trail costs."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from bench.verdict import at_most, note
from deputize.agents.vocabulary import action_of
from deputize.attempt_log import AttemptLog
from deputize.audit.daily import project
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.model.event import Event
from deputize.model.policy import Verdict
from deputize.store import attempts
from deputize.worker.running import Running
from deputize.worker.steps import Steps
from tests.fixtures.shop import shop_of
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from tests.fixtures.stories import Story

CALLS = 2_000
MOST_MILLISECONDS = 2.0
PER_SECOND = 1_000
SECONDS = 5
MOST_SHARE = 15.0
ARGUMENTS = {"command": "make test", "description": "Run all tests of the project. " * 10}


def measure() -> bool:
    """Print each figure against its bar; True where none is short."""
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as temporary:
        for story in open_story("sqlite", Path(temporary)):
            return all([_gate_adds(story), _audit_load(story)])
    return False


def _gate_adds(story: Story) -> bool:
    """Ask the gate as an agent does, and wait for each answer."""
    story.add()
    claim = story.claim()
    with closing(AttemptLog(story.home.path / "attempt.log")) as log:
        spans = sorted(anyio.run(_asked, story, Steps(shop=shop_of(story), claim=claim, log=log)))
    story.finish(claim)
    median, last = (1000 * spans[int(CALLS * share)] for share in (0.5, 0.99))
    hops = sorted(anyio.run(_hops))
    note(f"{CALLS} answers, each with its entry: median {median:.2f} ms")
    note(f"a thread that does nothing, at this moment: p99 {1000 * hops[int(CALLS * 0.99)]:.2f} ms")
    return at_most("gate-adds-p99", last, MOST_MILLISECONDS, " ms")


async def _asked(story: Story, steps: Steps) -> list[float]:
    running = Running(steps=steps)
    bounds = Bounds(workspace=str(story.home.path), may_write=True)
    gate = gate_for(bounds, running.calls.decided)
    action, spans = action_of("bash", ARGUMENTS), []
    async with anyio.create_task_group() as group:
        group.start_soon(running.calls.settle)
        for _ in range(CALLS):
            began = time.perf_counter()
            decision = await gate(action)
            spans.append(time.perf_counter() - began)
            if decision.verdict is not Verdict.ALLOW:
                raise RuntimeError(decision.reason)
        running.calls.close()
    with steps.outgoing, steps.incoming:
        return spans


async def _hops() -> list[float]:
    """Wait for a thread that does nothing: what this machine makes of any wait just now."""
    spans = []
    for _ in range(CALLS):
        began = time.perf_counter()
        await to_thread.run_sync(int)
        spans.append(time.perf_counter() - began)
    return spans


def _audit_load(story: Story) -> bool:
    """Write, seal and put into files what comes in some seconds; print the share of a core."""
    story.add()
    claim = story.claim()
    body = {"name": "bash", "what": "make test", "output": "x" * 900, "ok": True, "denied": False}
    event = Event(kind="attempt.tool_finished", actor="agent:copilot", body=body)
    began = time.process_time()
    for _ in range(PER_SECOND * SECONDS):
        with story.database.jot() as transaction:
            attempts.jot(transaction, claim.attempt, event, story.clock.at)
    written = time.process_time()
    story.seal()
    sealed = time.process_time()
    count = project(story.database, story.home)
    ended = time.process_time()
    if count < PER_SECOND * SECONDS:
        raise RuntimeError(f"only {count} entries are in the files")
    parts = written - began, sealed - written, ended - sealed
    words = ", ".join(f"{1e6 * part / (PER_SECOND * SECONDS):.0f}" for part in parts)
    note(f"microseconds of an event, to write, seal and put into files: {words}")
    return at_most("audit-load", 100 * (ended - began) / SECONDS, MOST_SHARE, " %")


if __name__ == "__main__":
    raise SystemExit(0 if measure() else 1)
