"""The command line while a real worker runs a real program."""

from __future__ import annotations

import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tests.waiting import wait_until

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine


def test_from_add_to_the_branch(working: CommandLine, project: Folder) -> None:
    """A worker starts by itself; the change is shown, approved, landed, and in the trail."""
    working.use_toy("echo thinking; echo changed >> a.py; printf '\\033[31mdone\\n'")
    said = working("add", "Change a")
    assert (said.out, said.err) == (
        "#1 queued: Change a\n",
        "a worker was started in the background\n",
    )
    asked = wait_until(lambda: working("approvals", "--json").document)
    assert (asked[0]["state"], asked[0]["id"]) == ("open", 1)
    assert "+changed" in working("diff", "1").out
    assert "needs you" in working("status").out
    assert working("approve", "1", "--reason", "looks right").out.startswith("a1 approved: change")
    ended = working("wait", "--latest")
    assert (ended.code, ended.out) == (0, "#1 done: Change a\n")
    assert project.content("main", "a.py") == "a\nchanged"
    assert "thinking" in working("result", "1").out
    log = working("logs", "1")
    assert "thinking" in log.out
    assert "\x1b" not in log.out
    assert working("logs", "1", "--attempt", "2").code == 2
    lines = working("logs", "1", "--json").document
    assert (lines["task"], lines["attempt"]) == (1, 1)
    page = working("show", "1").out
    assert "attempt 1: succeeded" in page
    assert "change c1: landed" in page
    assert "approval a1: approved" in page
    change = working("changes", "show", "c1", "--json").document
    assert (change["state"], change["landed_commit"]) == (
        "landed",
        project.git("rev-parse", "main"),
    )
    assert [each["id"] for each in working("changes", "list", "--json").document] == [1]
    wait_until(lambda: working("audit", "verify", "--json").document["unsealed_count"] == 0)
    assert "`Change a`" in working("audit", "--format", "md").out


def test_wait_with_add_and_json(working: CommandLine) -> None:
    """`add --wait --json` prints one document, of the end; a failure is exit 1 with a hint."""
    working.use_toy("exit 3")
    said = working("add", "x", "--wait", "--json")
    task = said.document
    assert said.code == 1
    assert (task["state"], task["error"]["reason"]) == ("failed", "agent_error")
    assert task["attempts"][0]["exit_code"] == 3
    told = working("wait", "1")
    assert (told.code, "hint: read `deputize logs 1`" in told.err) == (1, True)


def test_following_ends_with_the_task(working: CommandLine) -> None:
    """`logs -f` shows what is added while it watches, over a retry, and ends with the task."""
    go = working.home / "go"
    script = f'echo begun; while ! [ -e "{go}" ]; do sleep 0.05; done; exit 3'
    working.use_toy(script)
    working("add", "x", "--attempts", "2")
    process = working.start("logs", "1", "-f")
    assert process.stdout is not None
    assert any(b"begun" in line for line in iter(process.stdout.readline, b""))
    folder = working("open", "1").out.rstrip("\n")
    assert Path(folder).is_dir()
    running = working("status").out
    assert "running" in running
    assert "begun" in running
    go.write_text("")
    wait_until(lambda: working("show", "1", "--json").document["waiting_for"])
    working("cancel", "1")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert b"agent_error" in out
    assert b"waits for its next try" in err
    assert working("open", "1").code in {0, 2}


def test_cancel_stops_what_runs(working: CommandLine) -> None:
    """A running task says that it is being stopped, and ends as cancelled."""
    working.use_toy("sleep 600")
    working("add", "x")
    wait_until(lambda: working("show", "1", "--json").document["state"] == "running")
    assert working("cancel", "1").out in {
        "#1 running: x (being stopped)\n",
        "#1 cancelled: x\n",
    }
    ended = working("wait", "1", "--timeout", "30")
    assert (ended.code, ended.out) == (1, "#1 cancelled: x\n")


def test_up_and_down(working: CommandLine) -> None:
    """Two workers may run; the second says so; both end when told, and the list is empty."""
    first = working("up", "--detach", "--json").document
    assert (first["alive"], first["roles"]) == (True, [])
    name = first["id"]
    assert [worker["id"] for worker in working("workers", "--json").document] == [name]
    second = working.start("up")
    assert second.stderr is not None
    assert second.stderr.readline() == b"1 other worker runs already\n"
    assert b"Ctrl-C finishes what runs" in second.stderr.readline()
    wait_until(lambda: len(working("workers", "--json").document) == 2)
    assert working("status").out.startswith("nothing is open · 2 workers with 6 slots")
    second.send_signal(signal.SIGINT)
    assert second.wait(30) == 0
    second.communicate()
    assert working("down", "--wait").out == f"{name}\n"
    assert working("workers", "--json").document == []


def test_a_worker_of_one_role(working: CommandLine) -> None:
    """`worker --role` takes its roles only, and the others say for whom they wait."""
    working.use_toy("true")
    process = working.start("worker", "--role", "inspector", "--slots", "2")
    found = wait_until(lambda: working("workers", "--json").document)
    assert (found[0]["roles"], found[0]["slots"]) == (["inspector"], 2)
    working.add("x")
    assert "writer worker: none running" in working("list").out
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 0


def test_a_worker_that_cant_start_is_said_so(deputize: CommandLine) -> None:
    """`up --detach` with wrong settings starts nothing, and says what is wrong in which file."""
    deputize.configure("nonsense = 1\n")
    said = deputize("up", "--detach")
    assert (said.code, said.out) == (3, "")
    assert "unknown key `nonsense`" in said.err


def test_nobody_works_on_a_store_that_lets_wrong_rows_in(deputize: CommandLine) -> None:
    """Every way to start a worker refuses with the hint that mends it; then it starts."""
    deputize.add("x")
    with closing(sqlite3.connect(deputize.home / "deputize.db")) as store:
        store.execute("DROP INDEX attempts_open")
    for words in (("up",), ("worker", "--role", "writer"), ("up", "--detach")):
        said = deputize(*words)
        assert (said.code, said.out) == (5, "")
        assert said.err.startswith(
            "error: schema: attempts_open is gone, which keeps wrong rows out\n"
        )
        assert "hint: `deputize doctor --fix` makes it anew" in said.err
    assert deputize("doctor").code == 1
    mended = [one for one in deputize("doctor", "--fix", "--json").document
              if one["about"] == "schema"]  # fmt: skip
    assert [(one["level"], one["fixable"]) for one in mended] == [("fixed", False)]
    assert deputize("up", "--detach").code == 0
    assert deputize("down", "--wait").code == 0
