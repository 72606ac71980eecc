"""Which process is meant."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from deputize.errors import InvalidInput
from deputize.workspace.processes.identity import (
    ProcessIdentity,
    boot_id,
    identify,
    is_gone,
    is_running,
    this_host,
)
from tests.waiting import wait_until
from tests.workspace.processes.starting import known, said

if TYPE_CHECKING:
    from pathlib import Path

    from tests.workspace.processes.starting import Start

LEAVING_FIRST_THREAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
print("up", flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""


def test_this_process_runs() -> None:
    """A process that runs is known as running, also after its identity was stored as text."""
    stored = ProcessIdentity.parse(str(known(os.getpid())))
    assert is_running(stored)
    assert not is_gone(stored)


def test_absent_process() -> None:
    """A number that no process has gives no identity."""
    assert identify(0) is None
    assert identify(2**30) is None


def test_zombie_is_gone(start: Start) -> None:
    """A process that has ended counts as gone, though its parent has not collected it."""
    process = start("exit 0")
    identity = known(process.pid)
    assert wait_until(lambda: is_gone(identity))
    assert not is_running(identity)


def test_reused_number() -> None:
    """A process that started at another time is another process, whatever its number."""
    earlier = dataclasses.replace(known(os.getpid()), started="1")
    assert not is_running(earlier)
    assert is_gone(earlier)


def test_reboot() -> None:
    """After a reboot nothing of before runs."""
    before = dataclasses.replace(known(os.getpid()), boot="another-boot")
    assert not is_running(before)
    assert is_gone(before)


@pytest.mark.parametrize(
    ("host", "boot"), [("another", "another"), (this_host(), f"{boot_id()}/4026539999")]
)
def test_elsewhere_is_unknown(host: str, boot: str) -> None:
    """Of a process of another host, or another container, neither is claimed."""
    elsewhere = dataclasses.replace(known(os.getpid()), host=host, boot=boot)
    assert not is_running(elsewhere)
    assert not is_gone(elsewhere)


@pytest.mark.parametrize("text", ["", "12", "a:1:b:c", "1:x:b:c", "1:2:3:4:5", "1:2:3"])
def test_bad_text(text: str) -> None:
    """A text that is no identity is refused, with the form that it should have."""
    with pytest.raises(InvalidInput) as caught:
        ProcessIdentity.parse(text)
    assert caught.value.hint is not None
    assert "pid:started:boot:host" in caught.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process ends with that thread")
def test_first_thread_has_left(start: Start) -> None:
    """A process whose first thread has left runs on, though the system shows it as a zombie."""
    process = start(f"exec $1 -c '{LEAVING_FIRST_THREAD}'")
    assert said(process) == "up"
    identity = known(process.pid)
    if sys.platform == "linux":
        with os.fdopen(os.pidfd_open(process.pid)):
            pass
    assert is_running(identity)


def test_strange_name(tmp_path: Path) -> None:
    """A program's name that looks like a part of the system's own report misleads nobody."""
    sleep = shutil.which("sleep")
    assert sleep is not None
    strange = shutil.copy(sleep, tmp_path / "a) Z 1 (b")
    with subprocess.Popen([strange, "1000"]) as process:
        assert is_running(known(process.pid))
        process.kill()


def test_host_is_stable_and_discreet() -> None:
    """The host's name is the same each time, and isn't the machine's id."""
    assert len(this_host()) == 16
    assert int(this_host(), 16) >= 0


def test_quick_to_import() -> None:
    """Nothing slow is loaded to ask whether a process runs."""
    slow = "asyncio anyio psutil pathlib subprocess inspect hashlib ctypes"
    code = (
        "import sys, deputize.errors, dataclasses; before = set(sys.modules)\n"
        "import deputize.workspace.processes.identity\n"
        "print(*(set(sys.argv[1:]) & (set(sys.modules) - before)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code, *slow.split()], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.split() == ([] if sys.platform == "linux" else ["psutil"])
