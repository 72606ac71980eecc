"""Secrets whose value is known are found in every encoding, and nothing else is."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.redaction import MARK, Redactor, redacted
from deputize.redaction.known import names_a_secret, secrets_among

KEY = 'quiet/as+a"mouse=ü~\\&z'
"""No rule finds it."""
REDACTOR = Redactor([KEY])


def test_no_rule_finds_what_these_tests_look_for() -> None:
    """Else they would show nothing."""
    assert redacted(f"so {KEY} it is") == f"so {KEY} it is"


@pytest.mark.parametrize(
    "written",
    sorted(
        {
            KEY,
            json.dumps(KEY)[1:-1],
            json.dumps(KEY, ensure_ascii=False)[1:-1],
            quote(KEY),
            quote(KEY, safe=""),
            quote_plus(KEY, safe="/"),
            quote(KEY, safe="").lower(),
            KEY.encode().hex(),
            KEY.encode().hex().upper(),
        }
    ),
)
def test_it_is_found_as_it_is_written(written: str) -> None:
    """Plain, in JSON, in an address, in hexadecimal."""
    assert REDACTOR.redacted(f"so {written} it is") == f"so {MARK} it is"


@pytest.mark.parametrize("before", ["-", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["-", "z", "zz", "zzz"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_hides_nothing_wherever_it_begins(
    before: str, after: str, encode: type[bytes]
) -> None:
    """All three alignments, both alphabets: what is left can't be decoded to any of it."""
    encoded = encode(f"{before}{KEY}{after}".encode()).decode()
    shown = REDACTOR.redacted(f"so {encoded} it is")
    assert MARK in shown
    assert all(encoded[place : place + 6] not in shown for place in range(7, len(encoded) - 12))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=12, max_size=60))
def test_any_value_is_found_in_any_way(value: str) -> None:
    """Also where it has characters that a pattern would read otherwise."""
    redactor = Redactor([f"q7{value.strip()}z9"])
    for written in (
        f"q7{value.strip()}z9",
        json.dumps(f"q7{value.strip()}z9"),
        quote(f"q7{value.strip()}z9"),
        base64.b64encode(f"q7{value.strip()}z9".encode()).decode(),
    ):
        assert MARK in redactor.redacted(f"x {written} y")


def test_base64_that_a_program_has_broken_into_lines_is_found() -> None:
    """Of a long value each line."""
    value = "".join(f"part {number} of a long value, " for number in range(20))
    broken = base64.encodebytes(value.encode()).decode()
    shown = Redactor([value]).redacted(broken)
    assert shown.split() == [MARK] * len(broken.split())


def test_a_value_of_many_lines_is_found_line_by_line() -> None:
    """As a program prints it."""
    redactor = Redactor(["first of two lines\nsecond of two lines\n"])
    text = "  first of two lines\r\n  second of two lines\n"
    assert redactor.redacted(text) == f"  {MARK}\r\n  {MARK}\n"


@pytest.mark.parametrize(
    "value", ["", "short", "        ", "aaaaaaaaaaaa", "${TOKEN_OF_MINE}", "changeme"]
)
def test_what_is_too_short_or_stands_for_a_secret_is_not_looked_for(value: str) -> None:
    """Else half of a log would be hidden."""
    text = f"a {value} b short aaaaaaaaaaaa changeme ${{TOKEN_OF_MINE}}"
    assert Redactor([value]).redacted(text) == text


def test_values_are_found_in_json_and_never_shown() -> None:
    """In names and in texts; the redactor itself tells nobody what it knows."""
    assert REDACTOR.redacted_value({KEY: [f"a {KEY}", 1]}) == {MARK: [f"a {MARK}", 1]}
    assert "mouse" not in repr(REDACTOR)


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("OPENAI_API_KEY", True),
        ("GITHUB_TOKEN", True),
        ("GH_PAT", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("DB_PASS", True),
        ("PGPASSWORD", True),
        ("SENTRY_DSN", True),
        ("DEPLOY_KEY", True),
        ("PATH", False),
        ("SSH_AUTH_SOCK", False),
        ("TOKEN_URL", False),
        ("KEYBOARD", False),
        ("MAX_TOKENS_COUNT", False),
        ("PASSWORD_FILE", False),
    ],
)
def test_variables_are_secrets_by_their_names(name: str, *, is_one: bool) -> None:
    """Those that are called so, and not those that speak of one."""
    assert names_a_secret(name) is is_one
    assert secrets_among({name: "value"}) == (["value"] if is_one else [])
