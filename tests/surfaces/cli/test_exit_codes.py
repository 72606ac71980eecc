"""Errors: their exit codes, their words, their JSON."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize import errors
from deputize.surfaces.cli import diagnostics
from deputize.surfaces.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from tests.surfaces.cli.conftest import CommandLine

CODES = {
    errors.UserError: 2,
    errors.NotFound: 2,
    errors.InvalidInput: 2,
    errors.IllegalMove: 2,
    errors.ConfigError: 3,
    errors.Denied: 4,
    errors.StoreError: 5,
    errors.StoreUnavailable: 5,
    errors.StoreCorrupt: 5,
    errors.StoreTooNew: 5,
    errors.NotYet: 75,
    errors.ProcessError: 1,
    errors.LeaseLost: 1,
    errors.DeputizeError: 1,
    KeyboardInterrupt: 130,
    BrokenPipeError: 141,
    ValueError: 70,
}


@pytest.mark.parametrize(("kind", "code"), CODES.items())
def test_each_error_has_its_code(kind: type[Exception], code: int) -> None:
    """The table of exit codes holds for the whole tree of errors."""
    assert diagnostics.exit_code_of(kind("x")) == code


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("lst",), "did you mean `deputize list`?"),
        (("changes",), "`deputize changes list` or `deputize changes show`"),
        (("changes", "nope"), "`deputize changes list` or `deputize changes show`"),
        (("changes", "lst"), "did you mean `deputize changes list`?"),
        (("sessions", "nope"), "`deputize sessions list`"),
        (("fix the typo",), 'deputize add "…"'),
        (("zzzzzz",), "`deputize --help` lists the verbs"),
        (("list", "--sate", "x"), "did you mean `--state`?"),
        (("show",), "give an id such as 12, or --latest"),
        (("show", "1", "--latest"), "--latest stands for an id"),
        (("show", "x"), "'x' is not a task id (12 or #12)"),
        (("show", "99999999999999999999999"), "is not a task id"),
        (("show", "1"), "deputize list --all"),
        (("show", "--latest"), 'deputize add "what is to be done"'),
        (("approve", "a1"), "`deputize approvals` shows them"),
        (("approve", "x"), "neither an approval (a3) nor a task (12)"),
        (("approve", "zz"), "hint: `deputize approvals`"),
        (("add", "x", "--priority", "11"), "hint: --priority 5"),
        (("add", "x", "--timeout", "40d"), "hint: for example `--timeout 2h`"),
        (("add", "x", "--scope", "../x"), "hint: name it from the repository's top"),
        (("add", "x", "--key", ""), "hint: leave out --key"),
        (("worker", "--slots", "1001"), "more than 1000 slots"),
        (("changes", "show", "c1"), "`deputize changes list` shows them"),
        (("changes", "show"), "give an id such as c7, or --latest"),
        (("changes", "show", "c1", "--latest"), "--latest stands for an id"),
        (("changes", "show", "--latest"), "there is no change yet"),
        (("approve",), "give an id such as a3, or --latest"),
        (("deny", "a1", "--latest"), "--latest stands for an id"),
        (("deny", "--latest"), "no question waits for you"),
        (("list", "--state", "x"), "known: blocked, queued"),
        (("changes", "list", "--state", "x"), "known: proposed, awaiting_approval"),
        (("approvals", "--state", "x"), "known: open, approved"),
        (("sessions", "list", "--state", "x"), "known: blocked, queued"),
        (("workers", "--state", "x"), "known: working, draining, gone"),
        (("audit", "--events", "--format", "md"), "events have no Markdown"),
    ],
)
def test_usage_errors_say_what_to_type(
    deputize: CommandLine, words: tuple[str, ...], hint: str
) -> None:
    """Exit 2, one line `error:`, and the hint."""
    said = deputize(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert hint in said.err
    assert "\nhint: " in said.err


def test_final_tasks_say_what_can_be_done(deputize: CommandLine) -> None:
    """What can't be held, released or retried any more comes with what can be typed instead."""
    deputize.add()
    deputize("cancel", "1")
    for verb in ("hold", "release"):
        assert "hint: `deputize retry 1` sets it going again" in deputize(verb, "1").err
    assert (
        "hint: `deputize show 1` lists its attempts" in deputize("logs", "1", "--attempt", "9").err
    )


def test_a_title_must_be_text_too(deputize: CommandLine) -> None:
    """Bytes that are no UTF-8 are refused in a title as in a prompt, with where they come from."""
    odd = os.fsdecode(b"a\xffb")
    for words, what in (((odd,), "the prompt"), (("x", "--title", odd), "the title")):
        said = deputize("add", *words)
        assert (said.code, said.err.startswith(f"error: {what} is not")) == (2, True)
        assert "hint: type it as UTF-8, or" in said.err


def test_errors_are_json_where_json_was_asked_for(deputize: CommandLine) -> None:
    """Stderr is one document, even where the words could not be parsed."""
    assert deputize("show", "9", "--json").error == {
        "code": "not_found",
        "message": "there is no task #9",
        "hint": "`deputize list --all` shows what there is",
    }
    assert deputize("show", "9", "--format", "json").error["code"] == "not_found"
    assert deputize("list", "--jso", "--json").error["code"] == "invalid_input"
    assert deputize("lst", "--json").error["hint"] == "did you mean `deputize list`?"


def test_what_goes_on_has_no_json(deputize: CommandLine) -> None:
    """What is drawn again, or followed, can't be one document, and says so."""
    assert "for people" in deputize("status", "--watch", "--json").error["message"]
    assert "one JSON document" in deputize("logs", "1", "-f", "--json").error["message"]


def test_what_is_not_final_is_try_again_later(deputize: CommandLine) -> None:
    """`wait --timeout`, `result`, `logs` and `open` are exit 75 while there is nothing yet."""
    deputize.add()
    for words in (("wait", "1", "--timeout", "1"), ("result", "1"), ("logs", "1"), ("open", "1")):
        said = deputize(*words)
        assert (said.code, said.out) == (75, ""), words
        assert "hint: " in said.err


def test_an_agent_cant_answer(deputize: CommandLine) -> None:
    """Inside an attempt, approve, deny and trust are exit 4."""
    deputize.add()
    for words in (("approve", "a1"), ("deny", "a1"), ("trust", "--yes")):
        said = deputize(*words, DEPUTIZE_TASK="1")
        assert said.code == 4, said.err
        assert "an agent can't" in said.err


def test_a_damaged_database_is_named_and_kept(deputize: CommandLine) -> None:
    """Exit 5, and the file is as it was."""
    deputize.home.mkdir(mode=0o700)
    database = deputize.home / "deputize.db"
    database.write_bytes(b"not a database" * 1000)
    said = deputize("list")
    assert said.code == 5
    assert "damaged or not a deputize database" in said.err
    assert database.read_bytes() == b"not a database" * 1000


def test_ctrl_c_is_quiet(deputize: CommandLine) -> None:
    """Exit 130 and no traceback, whatever the command was doing."""
    deputize.add()
    process = deputize.start("logs", "1", "-f")
    assert process.stderr is not None
    assert b"waits for" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


def test_a_pipe_that_closes_is_quiet(deputize: CommandLine) -> None:
    """A reader that has seen enough is no error to tell."""
    for _ in range(3):
        deputize.add("x" * 60_000)
    process = deputize.start("list", "--all", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(1)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141


@pytest.mark.parametrize("words", [("list",), ("add", "x", "--hold"), ("add", "x", "-q")])
def test_output_that_cant_be_written_is_said_so(
    deputize: CommandLine, words: tuple[str, ...]
) -> None:
    """A full disk behind a redirection is exit 1, no traceback, and says what is stored."""
    deputize.add()
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            deputize.argv(*words),
            cwd=deputize.folder,
            env=deputize.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    stored = "#2 is queued, but " if words[0] == "add" else ""
    first, second = done.stderr.decode().splitlines()
    assert done.returncode == 1
    assert first == f"error: {stored}cannot write the output: No space left on device"
    assert second.startswith("hint: ")


def test_a_mistake_of_ours_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """An unexpected exception is exit 70; its traceback is in a file, without secrets."""
    monkeypatch.setenv("DEPUTIZE_HOME", str(tmp_path / "home"))
    error = ValueError("token=abcdefghijklmnop")
    assert diagnostics.report(error, Output(), json=False) == 70
    kept = tmp_path / "home" / "logs" / "mistakes.log"
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0].startswith("error: deputize made a mistake: ValueError")
    assert str(kept) in shown.err
    assert "Traceback" not in shown.err
    assert "ValueError: token=[redacted]" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_a_plan_is_waited_for(deputize: CommandLine) -> None:
    """All its tasks, in their order; one that was set going again meanwhile too."""
    plan = b'{"tasks": [{"name": "a", "prompt": "x"}, {"prompt": "y"}]}'
    assert deputize("run", "-", "--no-start", stdin=plan).code == 0
    assert deputize("wait", "--plan", "1", "2").code == 2
    assert deputize("wait", "--plan", "9").code == 2
    deputize("cancel", "1")
    assert deputize("wait", "--plan", "p1", "--timeout", "1").code == 75
    process = deputize.start("wait", "--plan", "p1")
    assert deputize("retry", "1").code == 0
    assert deputize("cancel", "2").code == 0
    assert process.poll() is None
    assert deputize("wait", "--plan", "1", "--timeout", "1").err.startswith(
        "error: still waiting: #1 is queued\n"
    )
    deputize("cancel", "1")
    out, err = process.communicate(timeout=30)
    expected = b"#1 cancelled: x\n#2 cancelled: y\n"
    assert (process.returncode, out, err) == (1, expected, b"")
    ended = deputize("wait", "--plan", "1", "--json")
    assert (ended.code, [task["id"] for task in ended.document]) == (1, [1, 2])


def test_waiting_ends_with_the_task(deputize: CommandLine) -> None:
    """`wait` is told by the database that another command has ended the task."""
    deputize.add()
    process = deputize.start("wait", "1")
    deputize("cancel", "1")
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (1, b"#1 cancelled: do it\n", b"")
