"""Messages to a program that reads them when it likes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.jsonl import Json, Pipe
from deputize.workspace.processes.program import Command, Program, started

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

LONG: Json = {"long": "x" * 1_000_000}
READ_LATE = "until test -e go; do sleep 0.02; done; cat > heard"


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Give a program that reads nothing until it is let."""
    env = {"PATH": "/usr/bin:/bin"}
    return Command(argv=("sh", "-c", READ_LATE), cwd=tmp_path, env=env)


async def heard(program: Program, folder: Path) -> list[Json]:
    """Let the program read, and return what it was told by the end of its input."""
    program.close_input()
    await program.exited()
    return [json.loads(line) for line in (folder / "heard").read_text().splitlines()]


async def give_up(pipe: Pipe, *messages: Json) -> None:
    """Say something that nobody reads, and think better of it."""
    async with anyio.create_task_group() as group:
        for message in messages:
            group.start_soon(pipe.send, message)
            await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()


async def test_who_gives_up_in_the_midst_spoils_nobody_elses_message(
    command: Command, tmp_path: Path
) -> None:
    """What is begun comes whole, and what comes after it is a message of its own."""
    async with started(command) as program:
        pipe = Pipe(program, lambda _: None)
        await give_up(pipe, LONG)
        (tmp_path / "go").touch()
        await pipe.send({"short": 1})
        assert await heard(program, tmp_path) == [LONG, {"short": 1}]


async def test_who_gives_up_before_it_was_begun_has_said_nothing(
    command: Command, tmp_path: Path
) -> None:
    """Whether it waits for others, or for what others left unsaid."""
    async with started(command) as program:
        pipe = Pipe(program, lambda _: None)
        await give_up(pipe, LONG, {"second": 2})
        await give_up(pipe, {"third": 3})
        (tmp_path / "go").touch()
        await pipe.send({"fourth": 4})
        assert await heard(program, tmp_path) == [LONG, {"fourth": 4}]


async def test_who_speaks_when_the_input_is_closed_is_let_go(command: Command) -> None:
    """Nobody will read it; and nobody else's pipe, which may get that number, is harmed."""
    async with started(command) as program:
        pipe = Pipe(program, lambda _: None)
        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                group.start_soon(pipe.send, LONG)
                await anyio.wait_all_tasks_blocked()
                await pipe.close()
            await pipe.send({"late": 1})
        async with started(command) as other:
            await other.write(b"x")
