"""Both engines find the same, and the work grows with the length of the text alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deputize
from deputize.redaction import redacted, version
from deputize.redaction.engine import Plain, Re2, engine
from deputize.redaction.lines import SMALL, spans_in
from deputize.redaction.rules import HINTS
from deputize.redaction.sweep import WINDOW, Sweep
from tests.fixtures.secrets import corpus

if TYPE_CHECKING:
    from deputize.redaction.lines import Span

ENTRIES = corpus()
BOTH = (Re2(), Plain())
HOSTILE = (
    *("token-", "api_key_", "eyJ-", "eyJaaaaaaaaaaaa.", "--a-", "pass=", "SG.aaaaaaaaaaaaaaaa."),
    *("sk-", "bearer ", "ab://x:", '"token": "', "password=\\", "authorization: basic ", "1//0"),
    *("hooks.slack.com/services/", "twitter", "okta=", "cookie: sid", "curl -u a:", "xapp-1-"),
)


def test_re2_is_used_where_it_is_installed() -> None:
    """It is here."""
    assert engine().name == "re2"


def test_both_find_the_same_in_every_transcript() -> None:
    """Line by line, and all at once."""
    for text in (*(entry.text for entry in ENTRIES), "".join(entry.text for entry in ENTRIES)):
        block = text.encode()
        re2, plain = (spans_in(block, each) for each in BOTH)
        assert sorted(re2) == sorted(plain)


def test_both_find_the_same_in_real_code() -> None:
    """In all of ours."""
    for path in Path(deputize.__path__[0]).rglob("*"):
        if path.suffix in {".py", ".toml", ".txt", ".sql"}:
            re2, plain = (spans_in(path.read_bytes(), each) for each in BOTH)
            assert sorted(re2) == sorted(plain), path


PIECES = (
    *HINTS,
    *(
        "=",
        ": ",
        '"',
        "'",
        '\\"',
        "\\",
        " ",
        "\t",
        "\n",
        "\r\n",
        "é",
        "\u212a",
        "://",
        "@",
        "(",
        "<",
    ),
    *("a", "B7", "a1B2c3D4e5", "password", "secret_key", "str", "x" * 30),
    *(entry.secret for entry in ENTRIES[::40]),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(("utf-8", "latin-1")))
@settings(max_examples=300)
def test_both_find_the_same_in_anything(pieces: list[str], encoding: str) -> None:
    """Whatever stands beside whatever, and in blocks too large to be looked at line by line."""
    for times in (1, 1 + SMALL // 100):
        block = ("".join(pieces) * times).encode(encoding, "replace")
        re2, plain = (spans_in(block, each) for each in BOTH)
        assert sorted(re2) == sorted(plain)


@pytest.mark.parametrize("piece", HOSTILE)
@pytest.mark.parametrize("on", BOTH, ids=lambda each: each.name)
def test_a_window_of_anything_is_done_with(on: Re2 | Plain, piece: str) -> None:
    """Patterns are bounded: one that isn't would run into the test's limit with Python's engine."""
    for each in (piece, f"{piece}\n"):
        assert isinstance(spans_in(each.encode() * (WINDOW // len(each)), on), list)


def test_without_re2_python_s_own_is_used() -> None:
    """The product works where RE2 can't be had."""
    code = (
        "import sys; sys.modules['re2'] = None\n"
        "from deputize.redaction import redacted\n"
        "from deputize.redaction.engine import engine\n"
        "print(engine().name, redacted('glpat-' + 'a1B2' * 5))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout == "re [redacted]\n"


def test_no_engine_is_loaded_where_no_hint_is() -> None:
    """Most text costs a look for a few words."""
    code = (
        "import sys; from deputize.redaction import redacted\n"
        "redacted('Fix the typo in README.md'); first = 're2' in sys.modules\n"
        "redacted('token=' + 'a1B2c3D4'); print(first, 're2' in sys.modules)"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


class Counting:
    """Finds what the rules find, and counts the bytes that it is given."""

    def __init__(self) -> None:
        """Begin with none."""
        self.size = 0

    def __call__(self, block: bytes) -> list[Span]:
        """Find, and count."""
        self.size += len(block)
        return spans_in(block)


@pytest.mark.parametrize("piece", ["-----BEGIN PRIVATE KEY-----", "token=", "eyJ-", "a ", "x\n"])
def test_the_work_grows_with_the_length_alone(piece: str) -> None:
    """Twice the text is twice the bytes that are looked at, and few are looked at again."""
    sizes = []
    for times in (1, 2):
        counting = Counting()
        Sweep(counting).take(piece.encode() * (times * 4 * WINDOW // len(piece)), ends=True)
        sizes.append(counting.size)
    assert sizes[1] <= 2.2 * sizes[0]
    assert sizes[0] <= 1.5 * 4 * WINDOW


def test_the_rules_have_a_version() -> None:
    """By it a reader of the journal can tell what was taken for a secret."""
    assert version() == version()
    assert version().startswith("sha256:")
    assert redacted(version()) == version()
