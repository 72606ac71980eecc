"""`deputize redact` is a filter for anybody's text."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from deputize.redaction import version

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

TOKEN = "ghp_" + "a1B2" * 9
TEXT = f"one\nuse {TOKEN} now\nurl https://ada:hunter2@host/x\n".encode()
CLEAN = b"one\nuse [redacted] now\nurl https://ada:[redacted]@host/x\n"


def ran(
    deputize: CommandLine, stdin: bytes, *words: str, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run the filter."""
    return subprocess.run(
        (sys.executable, "-m", "deputize", "redact", *words),
        cwd=deputize.folder,
        env={**deputize.environment(), **variables},
        input=stdin,
        capture_output=True,
        check=False,
    )


def test_secrets_are_taken_out_of_what_goes_through(deputize: CommandLine) -> None:
    """All else comes out as it went in, bytes that are no text included."""
    done = ran(deputize, TEXT + b"\xff\x00\r\nlast")
    assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN + b"\xff\x00\r\nlast", b"")


def test_the_values_of_secret_variables_are_taken_out_too(deputize: CommandLine) -> None:
    """Those of the environment that it runs in, as base64 too."""
    text = b"it is quiet-as-a-mouse, or cXVpZXQtYXMtYS1tb3VzZQ==\n"
    assert ran(deputize, text).stdout == text
    done = ran(deputize, text, DEPLOY_TOKEN="quiet-as-a-mouse")
    assert done.stdout == b"it is [redacted], or [redacted]\n"


def test_lines_come_out_as_they_come_in(deputize: CommandLine) -> None:
    """Whoever watches a program through it sees each line at once."""
    with subprocess.Popen(
        (sys.executable, "-m", "deputize", "redact"),
        cwd=deputize.folder,
        env=deputize.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as filtering:
        assert filtering.stdin is not None
        assert filtering.stdout is not None
        filtering.stdin.write(TEXT)
        filtering.stdin.flush()
        assert b"".join(filtering.stdout.readline() for _ in range(3)) == CLEAN
        filtering.stdin.close()
    assert filtering.returncode == 0


def test_a_check_says_what_it_found_and_shows_none_of_it(deputize: CommandLine) -> None:
    """Exit code 1 is for hooks."""
    found = ran(deputize, TEXT, "--check")
    assert (found.returncode, found.stdout) == (1, b"found 2: github 1, url 1\n")
    clean = ran(deputize, CLEAN, "--check")
    assert (clean.returncode, clean.stdout) == (0, b"nothing found\n")


def test_a_document_says_how_much_by_which_rules(deputize: CommandLine) -> None:
    """And by which version of them."""
    said = deputize("redact", "--json", stdin=TEXT)
    assert said.code == 0
    assert said.document == {
        "redaction": version(),
        "found_count": 2,
        "rules": [{"rule": "github", "count": 1}, {"rule": "url", "count": 1}],
    }
