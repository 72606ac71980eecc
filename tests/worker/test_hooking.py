"""The hooks of one attempt: what they are told, what is noted, what nobody waits for."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted
from deputize.agents.vocabulary import action_of
from deputize.config.settings import Config, HookSettings
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Decision, Verdict
from deputize.queue import Ending
from deputize.worker import hooking
from deputize.worker.hooking import Hooking, hooking_of, tell_end
from deputize.worker.running import Running, Stop
from tests.fixtures.shop import begun
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.worker.steps import Steps
    from tests.fixtures.stories import Story

pytestmark = pytest.mark.anyio

SECRET = "made-up-value-of-a-key"
ALLOWED = Decision(verdict=Verdict.ALLOW, rule="workspace", reason="inside")
CALL = action_of("bash", {"command": f"echo {SECRET}"})


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Open a new store."""
    yield from open_story(kind, tmp_path / "home")


def writing(told: Path, *on: str, says: str = "", then: str = "") -> HookSettings:
    """Return a hook that writes what it is told, a line each."""
    code = f"cat >>{told}; printf %s '{says}'; {then}"
    return HookSettings(on=on, command=("sh", "-c", code), name="mine")


def lines(told: Path) -> list[dict[str, Any]]:
    """Return what it was told."""
    return [json.loads(line) for line in told.read_text().splitlines()] if told.exists() else []


def of(steps: Steps, *hooks: HookSettings, workspace: Path | None = None) -> Hooking:
    """Make the hooks of the attempt."""
    return hooking_of(steps, Config(hooks=hooks), workspace)


async def test_what_a_hook_is_told_and_says_has_no_secrets(story: Story, tmp_path: Path) -> None:
    """Neither the call that it is shown, nor the reason that the agent is given."""
    told = tmp_path / "told"
    says = json.dumps({"decision": "deny", "reason": f"it has {SECRET} in it"})
    with begun(story, SECRET) as steps:
        hooks = of(steps, writing(told, "before_tool", says=says))
        decision = await hooks.narrow(CALL, ALLOWED)
        await hooks.close()
    (shown,) = lines(told)
    assert shown["call"]["command"] == "echo [redacted]"
    assert shown["call"]["arguments"] == {"command": "echo [redacted]"}
    assert (decision.verdict, decision.reason) == (Verdict.DENY, "it has [redacted] in it")


async def test_the_first_no_is_the_last_word(story: Story, tmp_path: Path) -> None:
    """Hooks are asked in their order, each with what the one before has left of the answer."""
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    with begun(story, SECRET) as steps:
        hooks = of(
            steps,
            writing(first, "before_tool", says='{"decision": "ask"}')._replace(name="a"),
            writing(second, "before_tool", says='{"decision": "deny"}')._replace(name="b"),
            writing(third, "before_tool", says='{"decision": "allow"}')._replace(name="c"),
        )
        decision = await hooks.narrow(CALL, ALLOWED)
        await hooks.close()
    assert (decision.verdict, decision.rule) == (Verdict.DENY, "hook.b")
    assert [shown["decision"]["verdict"] for shown in lines(second)] == ["ask"]
    assert not lines(third)


async def test_a_call_that_can_not_be_shown_is_refused(story: Story, tmp_path: Path) -> None:
    """Nobody can decide what is too deep to be looked through; the hook is not asked."""
    told = tmp_path / "told"
    deep = replace(CALL, arguments='{"a": ' + "[" * 900 + "]" * 900 + "}")
    with begun(story, SECRET) as steps:
        hooks = of(steps, writing(told, "before_tool", says='{"decision": "allow"}'))
        decision = await hooks.narrow(deep, ALLOWED)
        await hooks.close()
    assert (decision.verdict, decision.rule) == (Verdict.DENY, "hook.mine")
    assert "could not be called" in decision.reason
    assert not told.exists()


def results(hooks: Hooking, count: int) -> None:
    """Let an agent make so many calls."""
    hooks.hear(SessionStarted(token="s1"))
    for place in range(count):
        hooks.hear(ToolStarted(id=str(place), name="bash", summary=f"call {place}"))
        hooks.hear(ToolFinished(id=str(place), name="bash", ok=True, output="so"))


async def test_results_are_told_in_their_order(story: Story, tmp_path: Path) -> None:
    """Beside the run, each with what the call was; what is left at its end is still told."""
    told = tmp_path / "told"
    with begun(story, SECRET) as steps:
        hooks = of(steps, writing(told, "after_tool"))

        async def run() -> None:
            async with anyio.create_task_group() as group:
                group.start_soon(hooks.tell_results)
                results(hooks, 3)
                hooks.no_more_results()

        await run()
        assert "were not told" not in steps.log.path.read_text()
    shown = lines(told)
    assert [each["result"]["summary"] for each in shown] == ["call 0", "call 1", "call 2"]
    assert {each["session"] for each in shown} == {"s1"}
    assert shown[0]["result"] == {
        "name": "bash", "summary": "call 0", "ok": True, "denied": False, "output": "so",
    }  # fmt: skip


async def test_a_slow_hook_is_not_waited_for_without_end(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More results than may wait are left out, as are those left when time is up: it says so."""
    monkeypatch.setattr(hooking, "MOST_WAITING", 2)
    monkeypatch.setattr(hooking, "LAST_SECONDS", 0.5)
    told = tmp_path / "told"
    with begun(story, SECRET) as steps:
        hooks = of(steps, writing(told, "after_tool", then="sleep 600"))

        async def run() -> None:
            results(hooks, 5)
            async with anyio.create_task_group() as group:
                group.start_soon(hooks.tell_results)
                hooks.no_more_results()

        await run()
        assert "results that hooks were not told: 5" in steps.log.path.read_text()


async def test_nothing_is_kept_for_hooks_that_are_not_there(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results of which nobody wants to hear are not owed to anybody."""
    monkeypatch.setattr(hooking, "MOST_WAITING", 0)
    with begun(story, SECRET) as steps:
        hooks = of(steps, writing(tmp_path / "told", "prompt"))
        results(hooks, 5)
        hooks.no_more_results()
        await hooks.tell_results()
        assert "were not told" not in steps.log.path.read_text()


async def test_failures_are_noted_each_time_and_in_the_journal_once(story: Story) -> None:
    """An agent of many calls doesn't fill the audit trail."""
    with begun(story, SECRET) as steps:
        hooks = of(
            steps, HookSettings(on=("after_tool", "prompt"), command=("false",), name="mine")
        )

        async def run() -> None:
            assert await hooks.prompted("Do it.") == []
            async with anyio.create_task_group() as group:
                group.start_soon(hooks.tell_results)
                results(hooks, 3)
                hooks.no_more_results()

        await run()
        log = steps.log.path.read_text()
    assert log.count("hook mine failed (after_tool): exit code 1") == 3
    assert story.kinds().count("attempt.hook_failed") == 2


@pytest.mark.parametrize(
    ("outcome", "step"),
    [
        (Outcome.AGENT_CRASHED, "retry"),
        (Outcome.RATE_LIMITED, "retry"),
        (Outcome.AUTH_FAILED, "fail"),
        (Outcome.CANCELLED, None),
        (Outcome.PARKED, None),
        (Outcome.SUCCEEDED, None),
    ],
)
async def test_an_error_is_told_with_the_step_that_is_taken(
    story: Story, tmp_path: Path, outcome: Outcome, step: str | None
) -> None:
    """As the table of outcomes has it; an end in which nothing went wrong is none."""
    told = tmp_path / "told"
    with begun(story, SECRET) as steps:
        run = Running(steps=steps)
        run.hooking = of(steps, writing(told, "session_end", "error"))
        await tell_end(run, Ending(outcome=outcome, error="so"))
    shown = lines(told)
    assert [each["hook"] for each in shown] == ["session_end", *(["error"] if step else [])]
    assert shown[0]["end"]["outcome"] == outcome
    if step:
        assert (shown[1]["next"]["step"], shown[1]["error"]["message"]) == (step, "so")


@pytest.mark.parametrize("stop", [Stop.WORKER_STOPPED, Stop.LEASE_LOST])
async def test_an_end_that_is_not_ours_is_not_told(
    story: Story, tmp_path: Path, stop: Stop
) -> None:
    """The worker has to go, or another one has the attempt."""
    told = tmp_path / "told"
    with begun(story, SECRET) as steps:
        run = Running(steps=steps, stop=stop)
        run.hooking = of(steps, writing(told, "session_end", "error"))
        await tell_end(run, Ending(outcome=Outcome.WORKER_LOST))
    assert not lines(told)


async def test_an_attempt_that_could_not_begin_has_an_error_and_no_session(
    story: Story, tmp_path: Path
) -> None:
    """Its hooks are those of home; settings that can't be read have none."""
    told = tmp_path / "told"
    command = json.dumps(["sh", "-c", f"cat >>{told}"])
    table = f"[[hooks]]\non = ['session_end', 'error']\ncommand = {command}\n"
    with begun(story, SECRET) as steps:
        ending = Ending(outcome=Outcome.SETUP_FAILED, error="no workspace")
        story.home.config.write_text(table)
        await tell_end(Running(steps=steps), ending)
        story.home.config.write_text(f"{table}nonsense")
        await tell_end(Running(steps=steps), ending)
    (shown,) = lines(told)
    assert (shown["hook"], shown["error"]["outcome"]) == ("error", "setup_failed")
    assert shown["workspace"] is None


async def test_hooks_that_can_not_be_called_at_all_keep_an_attempt_from_beginning(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It parks, as with other settings that are wrong: without them nobody would be asked."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    with begun(story, SECRET) as steps, pytest.raises(AgentError, match="needs httpx") as caught:
        of(steps, HookSettings(on=("before_tool",), url="http://127.0.0.1:1/"))
    assert caught.value.outcome == Outcome.PARKED
