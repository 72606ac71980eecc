"""Completion scripts and the reference: both are made from the parsers."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING

import pytest

from deputize.surfaces.cli import completions
from deputize.surfaces.cli.catalogue import VERBS
from deputize.surfaces.cli.parser import all_parsers
from deputize.surfaces.cli.reference import reference

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

ROOT = Path(__file__).resolve().parents[3]


def completed(line: str) -> list[str]:
    """Return what bash offers at the end of a line."""
    words = line.split(" ")
    listed = " ".join(f"'{word}'" for word in words)
    script = f"""
    {completions.bash(all_parsers())}
    COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}
    _deputize
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "--norc", "-c", script], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("deputize stat", ["status", "stats"]),
        ("deputize chan", ["changes"]),
        ("deputize changes s", ["show"]),
        ("deputize audit v", ["verify"]),
        ("deputize audit --si", ["--since"]),
        ("deputize add --no-", ["--no-start", "--not-before"][:1]),
        ("deputize add --in", ["--in-place"]),
        ("deputize list --format j", ["json", "jsonl"]),
        ("deputize completion z", ["zsh"]),
        ("deputize up --b", []),
    ],
)
def test_bash_completes(line: str, offered: list[str]) -> None:
    """Verbs of one word and of two, options, and the words that options take; nothing hidden."""
    assert completed(line) == offered


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_knows_every_verb(deputize: CommandLine, shell: str) -> None:
    """Each script names every verb and is read without complaint where its shell is here."""
    said = deputize("completion", shell)
    assert said.code == 0
    for verb in VERBS:
        assert verb in said.out
    if which(shell):
        subprocess.run([shell, "-n"], input=said.out, text=True, check=True, capture_output=True)


def test_an_unknown_shell_is_refused(deputize: CommandLine) -> None:
    """The error names the shells that there are."""
    said = deputize("completion", "tcsh")
    assert said.code == 2
    assert "bash" in said.err


def test_the_reference_is_up_to_date() -> None:
    """docs/cli.md is what the parsers say; `make docs` writes it."""
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference() + "\n"


def test_the_reference_leaves_nothing_out() -> None:
    """Every verb has its section, with every option that help shows."""
    page = reference()
    for verb, parser in all_parsers().items():
        assert f"\n### deputize {verb}\n" in page
        for action in completions.options_of(parser):
            assert all(
                f"`{option}`" in page or option in {"-h", "--help"}
                for option in action.option_strings
            )
    assert "--background" not in page
