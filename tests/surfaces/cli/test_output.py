"""What reaches a terminal: colours, widths, and nothing that was not meant to."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import deputize.surfaces.cli
from deputize.surfaces.cli import times
from deputize.surfaces.cli.output import Output

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

CLI = Path(deputize.surfaces.cli.__file__).parent


def test_many_lines_are_printed_as_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    """In order, harmless each, whatever their number."""
    Output().lines(f"{number} \x1b token=abcdefgh{number}" for number in range(1234))
    said = capsys.readouterr().out.splitlines()
    assert said == [f"{number} \\x1b token=[redacted]" for number in range(1234)]


def on_terminal(
    deputize: CommandLine, *words: str, columns: int = 80, typed: bytes = b"", **env: str
) -> str:
    """Run a command on a terminal of that width, and return all it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        deputize.argv(*words),
        cwd=deputize.folder,
        env=deputize.environment(TERM="xterm", **env),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed)
    shown = b""
    while piece := _read(ours):
        shown += piece
    os.close(ours)
    process.wait(30)
    return shown.decode().replace("\r\n", "\n")


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # how Linux says that the other side of a terminal has closed
        return b""


def test_colour_only_on_a_terminal_that_wants_it(deputize: CommandLine) -> None:
    """The words are the same without colour; NO_COLOR and a dumb terminal get none."""
    deputize.add("x")
    deputize("cancel", "1")
    coloured = on_terminal(deputize, "list", "--all")
    assert "\x1b[2mcancelled\x1b[0m" in coloured
    plain = on_terminal(deputize, "list", "--all", NO_COLOR="1")
    assert "\x1b" not in plain
    assert "cancelled" in plain
    assert "\x1b" not in deputize("list", "--all").out


def test_a_line_fits_the_terminal(deputize: CommandLine) -> None:
    """On a narrow terminal the last column is cut with a mark; in a pipe nothing is."""
    deputize.add("a title of a certain length for a table", "--after", str(deputize.add("x")))
    shown = on_terminal(deputize, "list", columns=100, NO_COLOR="1").splitlines()
    assert max(map(len, shown)) <= 100
    assert any(line.endswith("…") for line in shown)
    assert "none running (`deputize up`)" in deputize("list").out


def test_hostile_text_on_a_terminal(deputize: CommandLine) -> None:
    """A prompt can't colour, clear or retitle the terminal, nor say what isn't there."""
    deputize.add("\x1b[31mred\x1b[0m\x07\u202edne")
    shown = on_terminal(deputize, "show", "1", NO_COLOR="1")
    assert not set("\x1b\x07\u202e").intersection(shown)
    assert "\\x1b[31mred" in shown


@pytest.mark.parametrize(("typed", "trusted"), [(b"y\n", True), (b"\n", False)])
def test_trust_asks_a_person(deputize: CommandLine, typed: bytes, trusted: bool) -> None:  # noqa: FBT001 - a case
    """On a terminal, trust asks; a mere Enter is a no."""
    (deputize.folder / "deputize.toml").write_text('[checks.tests]\ncommand = "true"\n')
    for words in (
        ("add", "-A"),
        ("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"),
    ):
        subprocess.run(["git", *words], cwd=deputize.folder, check=True)
    shown = on_terminal(deputize, "trust", typed=typed, NO_COLOR="1")
    assert "let these commands run on this machine? [y/N]" in shown
    assert ("trusted: these commands may run" in shown) is trusted
    assert ("error: nothing is trusted" in shown) is not trusted


def test_an_encoding_that_knows_little_fails_nothing(deputize: CommandLine) -> None:
    """With an ASCII locale, text is escaped and JSON stays JSON."""
    deputize.add("Größe ändern → jetzt")
    assert "Gr\\xf6\\xdfe" in deputize("list", PYTHONIOENCODING="ascii").out
    shown = deputize("show", "1", "--json", PYTHONIOENCODING="ascii")
    assert shown.document["title"] == "Größe ändern → jetzt"


def test_only_one_module_prints() -> None:
    """Nothing else in the command line writes to stdout or stderr."""
    for file in CLI.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        wrote = (
            "stdout.write" in text
            or "stderr.write" in text
            or "print(" in text.replace("_print(", "")
        )
        assert wrote is (file.name == "output.py"), file


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (61, "1m01s"), (3600, "1h"), (5400, "1h30m")],
)
def test_spans_are_said_in_two_units(seconds: int, said: str) -> None:
    """A span is its largest unit and the next; a clock that jumped back shows as none."""
    assert times.span(seconds) == said
