"""The log of an attempt: readable, redacted, bounded, and never in the way of work."""

from __future__ import annotations

import re
import resource
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.attempt_log import AttemptLog, Lines
from deputize.clock import ManualClock
from deputize.redaction import Redactor
from deputize.redaction.keys import MOST_LINES
from deputize.redaction.sweep import LOOK_AHEAD, WINDOW

SECRET = "ghp_" + "a1B2" * 9
NOON = ManualClock(datetime(2026, 3, 1, 12, 3, 4, 123456, tzinfo=UTC).astimezone())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the log will be; its folder isn't there yet."""
    return tmp_path / "logs" / "1-1.log"


def texts(path: Path) -> list[str]:
    """Return the lines without their times."""
    return [line.split(" ", 1)[1] for line in path.read_text().splitlines()]


def test_each_line_has_its_time_and_its_sign(path: Path) -> None:
    """Milestones, words, tools and errors can be told apart at a glance."""
    with AttemptLog(path, clock=NOON) as log:
        log.milestone("workspace ready")
        log.said("I will look.\nThen ")
        log.said("mend")
        log.tool("shell", "npm test")
        log.stderr("warning: slow")
    head = f"{NOON.at.astimezone():%H:%M:%S}.123"
    assert path.read_text().splitlines() == [
        f"{head} ── workspace ready",
        f"{head} │ I will look.",
        f"{head} │ Then mend",
        f"{head} ▸ shell: npm test",
        f"{head} ! warning: slow",
    ]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_earlier_log_is_gone_on_with(path: Path) -> None:
    """Nothing of it is lost."""
    for step in ("one", "two"):
        with AttemptLog(path) as log:
            log.milestone(step)
    assert texts(path) == ["── one", "── two"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
def test_a_secret_that_comes_in_pieces_is_found(path: Path, size: int) -> None:
    """Where chunks end makes no difference, in text or in bytes."""
    words = f"use {SECRET} now, ключ password=hunter22hunter22\nnext\n"
    with AttemptLog(path) as log:
        for start in range(0, len(words), size):
            log.said(words[start : start + size])
        encoded = words.encode()
        for start in range(0, len(encoded), size):
            log.stderr(encoded[start : start + size])
    clean = "use [redacted] now, ключ password=[redacted]"
    assert texts(path) == [f"│ {clean}", "│ next", f"! {clean}", "! next"]


@pytest.mark.parametrize(
    "before", [*range(WINDOW - LOOK_AHEAD - 60, WINDOW - LOOK_AHEAD + 10, 7), WINDOW - 30, 0]
)
def test_a_secret_in_a_line_without_end_is_found_wherever_the_line_is_cut(
    path: Path, before: int
) -> None:
    """A long line is written in parts, but not cut through what has to be taken out."""
    words = "w " * (before // 2) + f"password = {SECRET} " + "tail " * 30_000
    with AttemptLog(path) as log:
        for start in range(0, len(words), 1000):
            log.said(words[start : start + 1000])
        assert path.stat().st_size > WINDOW / 2
    content = path.read_text()
    assert SECRET[:12] not in content
    assert SECRET[-12:] not in content
    assert "[redacted]" in content
    assert content.count("tail") == 30_000


def test_a_private_key_is_hidden_over_its_lines(path: Path) -> None:
    """Its lines are secret, though each alone looks like nothing."""
    body = "\n".join(f"MIIEvQIBADANBgkqhkiG9w0{number:02}" for number in range(20))
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n"
    with AttemptLog(path) as log:
        log.said(f"here: {key}after\n")
        log.milestone(f"before\n{key}after")
    assert texts(path) == [
        "│ here: [redacted]",
        "│ after",
        "── before",
        "── [redacted]",
        "── after",
    ]


def test_a_key_without_end_does_not_hide_all_that_follows(path: Path) -> None:
    """Who prints the first line of a key can't silence the log."""
    with AttemptLog(path) as log:
        log.said("-----BEGIN PRIVATE KEY-----\n" + "hidden\n" * MOST_LINES + "shown\n")
    assert texts(path) == ["│ [redacted]", "│ shown"]


def test_what_a_terminal_would_obey_is_taken_out_or_shown(path: Path) -> None:
    """Colours go, progress shows its states, other control characters are spelt out."""
    with AttemptLog(path) as log:
        log.said("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x\a\n10 %\r50 %\r100 %\r\nback\x08 \u202e\n")
        log.tool("shell", "a\x1b[2Jb\nc")
    assert texts(path) == [
        "│ red x\\x07",
        "│ 10 %",
        "│ 50 %",
        "│ 100 %",
        "│ back\\x08 \\x202e",
        "▸ shell: ab",
        "▸ c",
    ]


def test_nothing_is_painted_over(path: Path) -> None:
    """What stands before a carriage return is kept, unless a line was painted many times over."""
    with AttemptLog(path) as log:
        log.stderr(b"visible\rX\nwindows\r\n\r\n")
        log.stderr(b"".join(b"%d %%\r" % number for number in range(100)) + b"\ndone\n")
        log.stderr(f"a\rtoken={SECRET}\n".encode())
    assert texts(path) == [
        *("! visible", "! X", "! windows", "! "),
        *("! 0 %", "! 1 %", "! 2 %", "! [painted over 94 times]", "! 97 %", "! 98 %", "! 99 %"),
        *("! done", "! a", "! token=[redacted]"),
    ]


def test_a_full_log_goes_on_with_milestones_only(path: Path) -> None:
    """The size is bounded, the marker says so once, and the steps are still there."""
    with AttemptLog(path, limit_bytes=10_000) as log:
        log.milestone("agent started")
        for _ in range(5000):
            log.said("blah blah blah\n")
            log.tool("shell", "ls")
            log.stderr("oh")
        assert log.is_full
        log.milestone("agent ended")
    assert path.stat().st_size < 10_000 + 500
    found = texts(path)
    assert sum("the log is full" in line for line in found) == 1
    assert found[-1] == "── agent ended"


FILL = """
import resource, sys
from pathlib import Path
from deputize.attempt_log import AttemptLog
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with AttemptLog(Path(sys.argv[1])) as log:
    for _ in range(200):
        log.said("some words\\n")
    log.milestone("agent ended")
    print(type(log.problem).__name__, log.problem.errno)
"""


def test_a_disk_that_is_full_does_not_stop_the_attempt(path: Path) -> None:
    """Lines are lost, the first error is remembered, nothing is raised."""
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)],
        env={"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert re.fullmatch(r"OSError \d+\n", done.stdout)
    assert path.stat().st_size == 1000
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000


def test_a_log_that_can_not_be_opened_is_remembered(tmp_path: Path) -> None:
    """The attempt goes on without its log."""
    (tmp_path / "file").write_text("")
    with AttemptLog(tmp_path / "file" / "1.log") as log:
        log.milestone("on we go")
        log.said("words\n")
    assert isinstance(log.problem, FileExistsError)


def test_a_link_in_the_place_of_the_log_is_not_followed(tmp_path: Path) -> None:
    """Nobody makes us append to a file elsewhere."""
    (tmp_path / "victim").write_text("")
    (tmp_path / "1.log").symlink_to(tmp_path / "victim")
    with AttemptLog(tmp_path / "1.log") as log:
        log.milestone("on we go")
    assert log.problem is not None
    assert (tmp_path / "victim").read_text() == ""


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(1, 40))
def test_chunks_make_the_same_lines_as_the_whole(text: str, size: int) -> None:
    """Only line ends count, whatever the characters and wherever the chunks end."""
    whole, pieces, encoded = Lines(), Lines(), Lines()
    expected = [*whole.feed(text), *whole.rest()]
    content = text.encode()
    found = [line for at in range(0, len(text), size) for line in pieces.feed(text[at : at + size])]
    same = [
        line
        for at in range(0, len(content), size)
        for line in encoded.feed(content[at : at + size])
    ]
    assert [*found, *pieces.rest()] == expected
    assert [*same, *encoded.rest()] == expected


def test_a_secret_that_is_known_is_hidden_however_it_looks(path: Path) -> None:
    """No rule finds it: the log was told of it, when what was said before stands there already."""
    with AttemptLog(path) as log:
        log.said("before: quiet-as-a-mouse\nand ")
        log.hide(Redactor(["quiet-as-a-mouse"]))
        log.said("it is quiet-as-")
        log.said("a-mouse.\n")
        log.tool("shell", "echo cXVpZXQtYXMtYS1tb3VzZQ== | base64 -d")
    assert texts(path) == [
        "│ before: quiet-as-a-mouse",
        "│ and ",
        "│ it is [redacted].",
        "▸ shell: echo [redacted] | base64 -d",
    ]
