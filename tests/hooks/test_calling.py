"""Hooks as they are called: real programs, and a real server on loopback."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.config.settings import HookSettings
from deputize.errors import ConfigError
from deputize.hooks.answers import MOST_BYTES as MOST_ANSWER_BYTES
from deputize.hooks.calling import MOST_BYTES, callable_hooks, hooks_of
from deputize.workspace.processes.identity import identify, is_running
from tests.waiting import wait_until

if TYPE_CHECKING:
    from deputize.hooks.calling import Hook
    from tests.fixtures.web import Server

pytestmark = pytest.mark.anyio

ON = ("before_tool",)
MARKS = {"DEPUTIZE_TASK": "12", "DEPUTIZE_ATTEMPT": "mark"}


def shell(code: str, *words: str, seconds: int = 30) -> Hook:
    """Make a hook of a shell's code."""
    argv = ("sh", "-c", code, *words)
    settings = HookSettings(on=ON, command=argv, timeout_seconds=seconds, name="mine")
    (hook,) = hooks_of([settings], "writer", "copilot")
    return hook


def at(url: str, seconds: int = 30) -> Hook:
    """Make a hook of an address."""
    settings = HookSettings(on=ON, url=url, timeout_seconds=seconds)
    (hook,) = hooks_of([settings], "writer", "copilot")
    return hook


def runs(pid: int) -> bool:
    """Tell whether a process runs."""
    identity = identify(pid)
    return identity is not None and is_running(identity)


def test_a_session_has_the_hooks_that_are_for_it() -> None:
    """By role and agent, in their order; who has no name is called by its place in the settings."""
    settings = [
        HookSettings(on=ON, command=("true",), roles=("inspector",)),
        HookSettings(on=ON, command=("true",), agents=("claude",)),
        HookSettings(on=ON, command=("true",), roles=("writer",), agents=("copilot", "claude")),
        HookSettings(on=ON, command=("true",), name="all"),
    ]
    found = hooks_of(settings, "writer", "copilot")
    assert [(hook.name, hook.rule) for hook in found] == [
        ("hook-3", "hook.hook-3"),
        ("all", "hook.all"),
    ]


async def test_a_program_gets_the_document_and_says_its_answer() -> None:
    """On its input and its output; what it says on stderr is no part of the answer."""
    hook = shell("echo remark >&2; cat")
    reply = await hook.call({"hook": "before_tool", "task": 12}, MARKS)
    assert reply.problem is None
    assert json.loads(reply.content) == {"hook": "before_tool", "task": 12, "name": "mine"}


async def test_a_program_runs_in_the_persons_folder_with_a_scrubbed_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not where an agent writes; it is marked as the attempt's, and sees no secrets of ours."""
    monkeypatch.setenv("SOME_KEY", "hidden")
    reply = await shell('echo "$PWD $DEPUTIZE_TASK $DEPUTIZE_ATTEMPT $SOME_KEY"').call({}, MARKS)
    assert reply.content.decode() == f"{Path.home()} 12 mark \n"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("echo '{}'; echo token=verysecretvalue >&2; exit 3", "exit code 3: token=[redacted]"),
        ("kill -9 $$", "exit code 137"),
        ("cat >/dev/null; exit 2", "exit code 2"),
    ],
)
async def test_a_program_that_fails_says_nothing_but_why(code: str, problem: str) -> None:
    """Whatever it has on its output: its exit code and last words are the problem."""
    reply = await shell(code).call({}, MARKS)
    assert (reply.content, reply.problem) == (b"", problem)


async def test_a_program_that_is_missing_is_a_problem() -> None:
    """It ends nothing else."""
    (hook,) = hooks_of([HookSettings(on=ON, command=("no-such-program",))], "writer", "copilot")
    assert "no-such-program" in ((await hook.call({}, MARKS)).problem or "")


async def test_a_program_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    """Also such as have gone on by themselves."""
    pids = tmp_path / "pids"
    code = 'sleep 600 & echo $! >"$0"; echo $$ >>"$0"; sleep 600'
    reply = await shell(code, str(pids), seconds=1).call({}, MARKS)
    assert reply.problem == "it took longer than 1 s"
    assert not any(map(runs, map(int, pids.read_text().split())))


async def test_a_program_that_is_called_off_is_ended(tmp_path: Path) -> None:
    """Cancelled with the attempt, nothing of it is left."""
    pid = tmp_path / "pid"
    async with anyio.create_task_group() as group:
        hook = shell('echo $$ >"$0.new"; mv "$0.new" "$0"; exec sleep 600', str(pid))
        group.start_soon(hook.call, {}, MARKS)
        await anyio.to_thread.run_sync(lambda: wait_until(pid.exists, deadline_seconds=30))
        group.cancel_scope.cancel()
    assert not runs(int(pid.read_text()))


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
async def test_a_program_that_writes_without_end_has_no_answer(stream: str) -> None:
    """Of what it says, only part was kept: that could be anything."""
    code = f"import sys\nsys.{stream}.write(' ' * {3 * MOST_ANSWER_BYTES})"
    argv = (sys.executable, "-c", code)
    (hook,) = hooks_of([HookSettings(on=ON, command=argv)], "writer", "copilot")
    reply = await hook.call({}, MARKS)
    assert reply.content == b""
    assert "KiB" in (reply.problem or "")


async def test_what_is_too_long_is_shown_to_nobody() -> None:
    """A document that can't be given whole is not given at all."""
    reply = await shell("cat").call({"call": "x" * MOST_BYTES}, MARKS)
    assert reply.problem == "there is more to show than 4 MiB"


async def test_an_address_gets_the_document_and_answers(server: Server) -> None:
    """As JSON, by one client for all calls; an answer may be empty."""
    server.statuses += [200, 204]
    server.bodies.append(b'{"decision": "deny"}')
    hook = at(server.url())
    first, second = await hook.call({"task": 12}, MARKS), await hook.call({}, MARKS)
    await hook.caller.close()
    assert (first.content, first.problem) == (b'{"decision": "deny"}', None)
    assert (second.content, second.problem) == (b"", None)
    assert server.requests[0].document == {"task": 12, "name": "hook-1"}
    assert server.requests[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_an_address_that_does_not_take_it_is_a_problem(server: Server, status: int) -> None:
    """A redirect is not followed, and the address is in no message."""
    server.statuses.append(status)
    server.location = server.url("/elsewhere")
    server.bodies.append(b'{"decision": "allow"}')
    hook = at(server.url("/secret"))
    reply = await hook.call({}, MARKS)
    await hook.caller.close()
    assert reply.content == b""
    assert str(status) in (reply.problem or "")
    assert "secret" not in (reply.problem or "")
    assert len(server.requests) == 1


async def test_an_address_that_is_silent_or_not_there_is_a_problem(server: Server) -> None:
    """It has the same time as a program."""
    slow, nowhere = at(server.url("/slow"), 1), at("http://127.0.0.1:1/")
    assert (await slow.call({}, MARKS)).problem == "it took longer than 1 s"
    assert (await nowhere.call({}, MARKS)).problem == "no answer: ConnectError"
    await slow.caller.close()
    await nowhere.caller.close()


async def test_an_address_that_answers_without_end_has_no_answer(server: Server) -> None:
    """No more is read than any answer may have."""
    server.statuses.append(200)
    server.bodies.append(b" " * (3 * MOST_ANSWER_BYTES))
    hook = at(server.url())
    reply = await hook.call({}, MARKS)
    await hook.caller.close()
    assert (reply.content, reply.problem) == (b"", "it answered more than 256 KiB")


def test_an_address_needs_what_speaks_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra it is refused with what to install; a program needs nothing."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert callable_hooks([HookSettings(on=ON, command=("true",), name="mine")]) == ("mine",)
    with pytest.raises(ConfigError, match="needs httpx") as caught:
        callable_hooks([HookSettings(on=ON, url="http://127.0.0.1:1/")])
    assert caught.value.hint == "pip install 'deputize[notify]'"
