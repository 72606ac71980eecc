"""The bridge with the real Copilot runtime, answered by a scripted model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
import psutil
import pytest
from anyio import to_thread

from deputize.copilot import Bridge, CodingTaskRequest, DeltaKind
from deputize.demo.model import (
    INPUT_TOKENS,
    ScriptedModel,
)
from deputize.errors import AgentError
from deputize.workspace.processes.identity import identify, is_running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.copilot import CodingTaskResult

pytestmark = pytest.mark.anyio


def _all_of(pid: int | None) -> list[psutil.Process]:
    """Return the processes of a runtime; the last is the runtime itself."""
    first = psutil.Process(pid)
    return [first, *first.children(recursive=True)]


async def _streamed(bridge: Bridge, request: CodingTaskRequest) -> list[Any]:
    async with bridge.stream(request) as deltas:
        return [delta async for delta in deltas]


async def test_a_run_edits_a_file(bridge: Bridge, asked: CodingTaskRequest, tmp_path: Path) -> None:
    """The result has the last words, each tool call, the usage of all calls, and the session."""
    result = await bridge.run(asked)
    assert (tmp_path / "work" / "a.txt").read_text() == "two\n"
    assert (result.success, result.content, result.error) == (True, "It says two now.", None)
    (call,) = result.tool_calls
    assert (call.tool, call.ok, call.denied) == ("edit", True, False)
    assert call.summary.endswith("a.txt")
    assert 0 < call.started_seconds < result.duration_seconds
    assert result.usage.input_tokens == 2 * INPUT_TOKENS
    assert result.session_id
    assert bridge._runtime is not None
    assert not bridge._runtime._sessions


async def test_a_session_goes_on(
    bridge: Bridge, asked: CodingTaskRequest, model: ScriptedModel
) -> None:
    """A request that names a session adds to it: the model plays on in the scene that it began."""
    first = await bridge.run(asked)
    second = await bridge.run(replace(asked, prompt="And now?", session_id=first.session_id))
    assert second.session_id == first.session_id
    assert model.requests[-1].scene == "edit"
    other = await bridge.run(replace(asked, prompt="And now?"))
    assert other.session_id != first.session_id
    assert model.requests[-1].scene == "other"


async def test_deltas_come_in_order_and_the_result_last(
    bridge: Bridge, asked: CodingTaskRequest
) -> None:
    """Words before the tool, its start and end, words after it, then the result of `run`."""
    deltas = await _streamed(bridge, asked)
    kinds = [delta.kind for delta in deltas]
    start, end = kinds.index(DeltaKind.TOOL_START), kinds.index(DeltaKind.TOOL_END)
    before = "".join(delta.content for delta in deltas[:start])
    after = "".join(delta.content for delta in deltas[end + 1 : -1])
    assert (before.strip(), after.strip()) == ("I mend it.", "It says two now.")
    assert end == start + 1
    assert deltas[start].tool == deltas[end].tool == "edit"
    assert kinds.count(DeltaKind.DONE) == 1
    assert deltas[-1].result.content == "It says two now."
    assert kinds.count(DeltaKind.TEXT) > len(await _texts(bridge, asked))


async def _texts(bridge: Bridge, asked: CodingTaskRequest) -> list[str]:
    """Return the words of a run that isn't streamed: whole messages, each with its end."""
    whole = replace(asked, prompt="Say something.", streaming=False)
    texts = [one.content for one in await _streamed(bridge, whole) if one.kind is DeltaKind.TEXT]
    assert texts == ["Here I am.", "\n"]
    return texts


async def test_who_leaves_a_stream_stops_the_run(bridge: Bridge, asked: CodingTaskRequest) -> None:
    """Nothing is left of it, and the next request is served by the same runtime."""
    await bridge.ensure_ready()
    before = await bridge.get_status()
    async with bridge.stream(asked) as deltas:
        async for delta in deltas:
            assert delta.kind is not DeltaKind.DONE
            break
    assert (await bridge.run(replace(asked, prompt="Still there?"))).content == "Here I am."
    assert (await bridge.get_status()).pid == before.pid


async def test_a_request_takes_no_longer_than_it_may(
    bridge: Bridge, asked: CodingTaskRequest
) -> None:
    """It ends as `time_limit`, recoverable; the runtime goes on to serve."""
    await bridge.ensure_ready()
    result = await bridge.run(replace(asked, prompt="think forever", timeout=0.5))
    assert not result.success
    assert isinstance(result.error, AgentError)
    assert (result.error.outcome, result.error.recoverable) == ("time_limit", True)
    assert (await bridge.run(asked)).success


async def test_an_error_of_the_model_is_told(bridge: Bridge, asked: CodingTaskRequest) -> None:
    """As an error of ours in the result, and in the stream before it."""
    deltas = await _streamed(bridge, replace(asked, prompt="be refused"))
    told, done = deltas[-2:]
    assert (told.kind, done.kind) == (DeltaKind.ERROR, DeltaKind.DONE)
    assert "No such thing." in told.content
    assert done.result.error.message == told.content
    assert done.result.error.code == "agent"


async def test_a_runtime_that_was_killed_is_started_again(
    bridge: Bridge, asked: CodingTaskRequest, model: ScriptedModel
) -> None:
    """The request that ran ends as crashed, recoverable; the next one works."""
    await bridge.ensure_ready()
    before = await bridge.get_status()
    assert before.connected
    ended: list[CodingTaskResult] = []

    async def run() -> None:
        ended.append(await bridge.run(replace(asked, prompt="think forever")))

    async with anyio.create_task_group() as group:
        group.start_soon(run)
        await to_thread.run_sync(model.wait_for_request, "think forever")
        _all_of(before.pid)[-1].kill()
    (crashed,) = ended
    assert isinstance(crashed.error, AgentError)
    assert (crashed.error.outcome, crashed.error.recoverable) == ("agent_crashed", True)
    assert not await bridge.is_ready()
    assert (await bridge.run(asked)).success
    after = await bridge.get_status()
    assert after.connected
    assert after.pid != before.pid


async def test_several_requests_are_served_at_once(
    bridge: Bridge, asked: CodingTaskRequest, tmp_path: Path
) -> None:
    """Each in its folder and its session, all by one runtime."""
    results: dict[str, CodingTaskResult] = {}

    async def run(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        wanted = replace(asked, prompt="Please write it.", working_dir=folder)
        results[name] = await bridge.run(wanted)

    async with anyio.create_task_group() as group:
        for name in "abc":
            group.start_soon(run, name)
    assert all((tmp_path / name / "new.txt").exists() for name in "abc")
    assert len({result.session_id for result in results.values()}) == 3


async def test_it_says_how_it_stands(bridge: Bridge) -> None:
    """Not connected at first; then with its version and by which login; `stop` may come twice."""
    assert not await bridge.is_ready()
    status = await bridge.get_status()
    assert (status.connected, status.auth_method) == (
        False,
        "provider scripted, key in SCRIPTED_KEY",
    )
    await bridge.ensure_ready()
    assert await bridge.is_ready()
    status = await bridge.get_status()
    assert (status.connected, status.version is None) == (True, False)
    identity = identify(status.pid or 0)
    assert identity is not None
    await bridge.stop()
    await bridge.stop()
    assert not is_running(identity)
    assert not (await bridge.get_status()).connected


async def test_a_runtime_that_does_not_stop_is_ended_by_force(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stands still answers no ping, and is gone after `stop`."""
    await bridge.ensure_ready()
    monkeypatch.setattr("deputize.agents.copilot.sdk.STOP_SECONDS", 0.2)
    monkeypatch.setattr("deputize.copilot.bridge.PING_SECONDS", 0.2)
    processes = _all_of((await bridge.get_status()).pid)
    for process in processes:
        process.suspend()
    # A signal is on its way for a moment: until then it might answer.
    wait_until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in processes))
    assert not await bridge.is_ready()
    with pytest.raises(AgentError, match="does not answer"):
        await bridge.ensure_ready()
    await bridge.stop()
    wait_until(lambda: not any(process.is_running() for process in processes))
