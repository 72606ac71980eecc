"""Running programs: what comes back, what is bounded, and that nothing stays behind."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.errors import ProcessError
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.processes.identity import ProcessIdentity, is_running
from deputize.workspace.processes.program import Command, started
from deputize.workspace.processes.run import TAIL_BYTES, Finished, Limits, run
from deputize.workspace.processes.tree import find_tree
from tests.fixtures.sandboxes import sandbox_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.workspace.processes.program import Stream

pytestmark = pytest.mark.anyio

UNLIMITED = Limits()
MEBIBYTE = 1024 * 1024
OPEN_DESCRIPTORS = """
import os
def is_open(descriptor):
    try:
        return bool(os.fstat(descriptor))
    except OSError:
        return False
print([descriptor for descriptor in range(256) if is_open(descriptor)])
"""


class Heard:
    """What a program said."""

    def __init__(self) -> None:
        """Start with nothing heard."""
        self.stdout = b""
        self.stderr = b""
        self.up = anyio.Event()

    def __call__(self, stream: Stream, chunk: bytes) -> None:
        """Take a piece of output."""
        if stream == "stdout":
            self.stdout += chunk
        else:
            self.stderr += chunk
        self.up.set()


@pytest.fixture(params=["sandboxed", "contained", "bare"])
def launcher(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, ...]]:
    """Give what a program is started in, where that can be: a sandbox, a namespace, nothing."""
    if request.param == "sandboxed":
        with sandbox_for(tmp_path, tmp_path / "home") as shelter:
            yield shelter.launcher().prefix
    else:
        yield containment_prefix() if request.param == "contained" else ()


@pytest.fixture
def command(launcher: tuple[str, ...], tmp_path: Path, marker: str) -> Callable[..., Command]:
    """Give what makes a shell script a command."""

    def make(script: str, *arguments: str, grace_seconds: float = 5) -> Command:
        return Command(
            argv=("sh", "-c", script, *arguments),
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "DEPUTIZE_ATTEMPT": marker},
            launcher=launcher,
            grace_seconds=grace_seconds,
        )

    return make


async def heard(command: Command, **options: bytes) -> tuple[Finished, Heard]:
    """Run a command to its end; return how it ended and what it said."""
    output = Heard()
    finished = await run(command, UNLIMITED, output, stdin=options.get("stdin"))
    return finished, output


async def test_what_comes_back(command: Callable[..., Command], tmp_path: Path) -> None:
    """Exit code, both streams, folder and arguments are the program's own."""
    finished, output = await heard(command('pwd; echo "$0" >&2; exit 37', "a b"))
    assert (finished.exit_code, finished.signal, finished.timed_out) == (37, None, None)
    assert output.stdout.decode().strip() == str(tmp_path)
    assert output.stderr == b"a b\n"


async def test_killed_from_within(command: Callable[..., Command]) -> None:
    """A program that a signal ended is told from one that exited."""
    finished, output = await heard(command("kill -KILL $$"))
    assert (finished.exit_code, finished.signal) == (128 + signal.SIGKILL, signal.SIGKILL)
    assert output.stderr == b""


async def test_input(command: Callable[..., Command]) -> None:
    """A prompt of several megabytes arrives whole, while the program already answers."""
    prompt = os.urandom(3 * MEBIBYTE)
    _, output = await heard(command("cat"), stdin=prompt)
    assert output.stdout == prompt


@pytest.mark.parametrize("stdin", [None, b"", b"unread" * MEBIBYTE])
async def test_input_not_read(command: Callable[..., Command], stdin: bytes | None) -> None:
    """A program that gets no input sees its end; one that reads nothing isn't held up."""
    finished = await run(command("head -c 1 >file; exit 3"), UNLIMITED, Heard(), stdin=stdin)
    assert finished.exit_code == 3


async def test_program_not_found(tmp_path: Path) -> None:
    """A missing program is an error that says what to do."""
    missing = Command(argv=("no-such-agent",), cwd=tmp_path, env={"PATH": "/bin"})
    with pytest.raises(ProcessError, match="program not found: 'no-such-agent'") as caught:
        await run(missing, UNLIMITED, Heard())
    assert caught.value.hint is not None
    assert "install" in caught.value.hint


async def test_program_in_the_folder(tmp_path: Path) -> None:
    """A program given by a relative path is looked for in the folder where it runs."""
    shutil.copy(shutil.which("true") or "", tmp_path / "mine")
    finished = await run(Command(argv=("./mine",), cwd=tmp_path, env={}), UNLIMITED, Heard())
    assert finished.exit_code == 0


@pytest.mark.parametrize(("arguments", "hint"), [(["a\0b"], "NUL"), (["x" * MEBIBYTE], "stdin")])
async def test_impossible_arguments(
    command: Callable[..., Command], arguments: list[str], hint: str
) -> None:
    """Arguments that no program can get are an error that says what to change."""
    with pytest.raises(ProcessError) as caught:
        await run(command("exit 0", *arguments), UNLIMITED, Heard())
    assert caught.value.hint is not None
    assert hint in caught.value.hint


async def test_folder_is_gone(tmp_path: Path) -> None:
    """A folder that isn't there is named."""
    nowhere = Command(argv=("true",), cwd=tmp_path / "gone", env={})
    with pytest.raises(ProcessError, match="gone"):
        await run(nowhere, UNLIMITED, Heard())


async def test_nothing_of_ours_is_seen(command: Callable[..., Command]) -> None:
    """A program gets no descriptor but its streams, and no variable but those it was given."""
    readable, writable = os.pipe()
    os.set_inheritable(writable, True)  # noqa: FBT003 - it has no name
    os.environ["OUR_SECRET"] = "secret"
    try:
        _, output = await heard(command('exec "$0" -c "$1"', sys.executable, OPEN_DESCRIPTORS))
        _, variables = await heard(command("env"))
    finally:
        os.close(readable)
        os.close(writable)
    assert output.stdout == b"[0, 1, 2]\n"
    assert b"OUR_SECRET" not in variables.stdout


async def test_time_limit(command: Callable[..., Command]) -> None:
    """A program that runs too long is ended, though it goes on to talk."""
    limits = Limits(timeout_seconds=0.5)
    finished = await run(command("while :; do echo on; sleep 0.05; done"), limits, Heard())
    assert finished.timed_out == "time"
    assert finished.signal == signal.SIGTERM


async def test_idle_limit(command: Callable[..., Command]) -> None:
    """A program that is silent for too long is ended; its last words are heard."""
    script = "trap 'echo bye; exit 4' TERM; echo up; sleep 1000 & wait"
    output = Heard()
    finished = await run(command(script), Limits(idle_timeout_seconds=0.5), output)
    assert (finished.timed_out, finished.exit_code) == ("idle", 4)
    assert output.stdout == b"up\nbye\n"


async def test_busy_is_not_idle(command: Callable[..., Command]) -> None:
    """A program that talks now and then, longer than the idle limit in all, may go on."""
    script = "for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.2; done"
    finished = await run(command(script), Limits(idle_timeout_seconds=1.2), Heard())
    assert finished.timed_out is None


async def test_sigterm_ignored(command: Callable[..., Command]) -> None:
    """A program that won't end is killed when its grace is over."""
    stubborn = command("trap '' TERM; while :; do sleep 1000; done", grace_seconds=0.2)
    finished = await run(stubborn, Limits(timeout_seconds=0.3), Heard())
    assert finished.signal == signal.SIGKILL


async def test_much_output(command: Callable[..., Command]) -> None:
    """Of 100 MB of output a part is passed on and the tail is kept, in little memory."""
    size, passed = 100 * MEBIBYTE, [0]

    def count(_: Stream, chunk: bytes) -> None:
        passed[0] += len(chunk)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    flood = command(f"head -c {size} /dev/zero; echo; echo end")
    finished = await run(flood, Limits(output_limit_bytes=MEBIBYTE), count)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (finished.exit_code, passed[0]) == (0, MEBIBYTE)
    assert finished.output_tail.endswith(b"\0\nend\n")
    assert len(finished.output_tail) == TAIL_BYTES
    assert grown * (1 if sys.platform == "darwin" else 1024) < 20 * MEBIBYTE


async def test_daemon_keeps_the_pipes(command: Callable[..., Command], marker: str) -> None:
    """A daemon that keeps the output open neither holds up the end nor outlives it."""
    script = "setsid sh -c 'echo daemon; exec sleep 1000' & exit 5"
    finished = await run(command(script), UNLIMITED, Heard())
    assert finished.exit_code == 5
    assert find_tree(marker) == set()


async def test_cancelled(command: Callable[..., Command], marker: str) -> None:
    """A cancelled run is over only when the program's grandchildren are gone."""
    output = Heard()
    script = "sh -c 'setsid sh -c \"echo up; exec sleep 1000\" & wait' & wait"
    with anyio.fail_after(30):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run, command(script), UNLIMITED, output)
            await output.up.wait()
            assert find_tree(marker)
            tasks.cancel_scope.cancel()
    assert find_tree(marker) == set()


async def test_listener_fails(command: Callable[..., Command], marker: str) -> None:
    """When who listens fails, the program is ended and the failure comes through as it is."""

    def fail(_: Stream, chunk: bytes) -> None:
        raise ValueError(chunk)

    with pytest.raises(ValueError, match="up"):
        await run(command("echo up; sleep 1000"), UNLIMITED, fail)
    assert find_tree(marker) == set()


async def test_told_at_the_start(command: Callable[..., Command]) -> None:
    """Who runs it learns the identity at once, and may still refuse."""
    told: list[ProcessIdentity] = []

    def refuse(identity: ProcessIdentity) -> None:
        told.append(identity)
        assert is_running(identity)
        raise ProcessError("refused")

    with pytest.raises(ProcessError, match="refused"):
        await run(command("sleep 1000"), UNLIMITED, Heard(), on_started=refuse)
    assert not is_running(told[0])


async def test_conversation(command: Callable[..., Command], marker: str) -> None:
    """A started program can be talked to, and is ended with the block."""
    async with started(command("while read -r line; do echo got $line; done; sleep 1000")) as cat:
        await cat.write(b"one\n")
        assert await cat.read("stdout") == b"got one\n"
        cat.close_input()
    assert cat.ending()[1] == signal.SIGTERM
    assert find_tree(marker) == set()
