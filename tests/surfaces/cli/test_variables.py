"""Environment variables that mean nothing, or can't be obeyed, are told."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

WRONG = {"DEPUTIZE_LANDNG__MODE": "ask", "DEPUTIZE_DEFAULT_REPO": "/x"}
WARNINGS = [f"warning: {name} means nothing to deputize" for name in sorted(WRONG)]


@pytest.fixture
def _wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set variables that mean nothing."""
    for name, value in WRONG.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("_wrong")
@pytest.mark.parametrize(
    "words",
    [("add", "x", "--no-start", "-q"), ("list",), ("status",), ("agents",), ("down",)],
    ids=" ".join,
)
def test_a_variable_that_means_nothing_warns(deputize: CommandLine, words: tuple[str, ...]) -> None:
    """A mistyped one is named in a line of its own, by verbs that read and by `add`."""
    said = deputize(*words)
    assert said.code == 0
    assert said.err.splitlines()[:2] == WARNINGS


@pytest.mark.usefixtures("_wrong")
@pytest.mark.parametrize("verb", ["up", "worker"])
def test_a_worker_warns_too(working: CommandLine, verb: str) -> None:
    """The one who lands and runs agents obeys the environment most."""
    process = working.start(verb)
    assert process.stderr is not None
    said = [process.stderr.readline().decode().rstrip() for _ in range(3)]
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert said[:2] == WARNINGS
    assert said[2].startswith("working on tasks")


@pytest.mark.usefixtures("_wrong")
def test_programs_are_not_disturbed(deputize: CommandLine) -> None:
    """With --json, stderr is for errors; completion is read by a shell at each start."""
    assert deputize("list", "--json").err == ""
    assert deputize("completion", "bash").err == ""


@pytest.mark.parametrize(
    "words",
    [("add", "x"), ("list",), ("up",), ("worker",), ("up", "--detach"), ("doctor",)],
    ids=" ".join,
)
def test_an_address_of_another_database_is_refused(
    deputize: CommandLine, words: tuple[str, ...]
) -> None:
    """Exit 3, and nothing is done at home as if it were there; `doctor` finds it."""
    said = deputize(*words, DEPUTIZE_DATABASE="mysql://ada:pa55@elsewhere/deputize")
    assert said.code == (1 if words == ("doctor",) else 3)
    assert "not the address of a PostgreSQL database" in said.err + said.out
    assert "pa55" not in said.err + said.out
    assert not (deputize.home / "deputize.db").exists()


def test_a_server_that_is_not_there_is_a_store_that_is_not_available(
    deputize: CommandLine,
) -> None:
    """Exit 5, without the password, and nothing is done at home as if it were there."""
    address = "postgresql://ada:pa55@127.0.0.1:1/deputize?connect_timeout=1"
    said = deputize("list", DEPUTIZE_DATABASE=address)
    assert (said.code, "pa55" in said.err, "hint:" in said.err) == (5, False, True)
    assert not (deputize.home / "deputize.db").exists()
