"""Secrets are taken out of whatever is written, and nothing from outside reaches a terminal raw."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.redaction import MARK, bare_url, redacted, redacted_value
from deputize.showing import json_name, printable, shown_name, spelled_out

ALNUM = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{ALNUM}\n{ALNUM}\n-----END RSA PRIVATE KEY-----"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"HS256"}', b'{"sub":"1234567890"}', b"signature-of-it")
)
SECRETS = (
    *(f"gh{letter}_{ALNUM[:36]}" for letter in "pousr"),
    f"github_pat_{ALNUM}",
    f"glpat-{ALNUM[:20]}",
    f"sk-{ALNUM}",
    f"sk-ant-api03-{ALNUM}-{ALNUM}",
    f"sk-proj-{ALNUM}_{ALNUM}",
    f"sk_live_{ALNUM[:24]}",
    f"xoxb-{ALNUM[:12]}-{ALNUM[:24]}",
    "AKIAIOSFODNN7EXAMPLE",
    f"AIza{ALNUM[:35]}",
    f"npm_{ALNUM[:36]}",
    f"hf_{ALNUM[:34]}",
    f"pypi-AgEIcHlwaS5vcmc{ALNUM}",
    f"SG.{ALNUM[:22]}.{ALNUM}",
    "dop_v1_" + "0123456789abcdef" * 4,
    JWT,
    KEY,
    KEY.replace("-----END RSA PRIVATE KEY-----", "and cut off"),
)
PLACES = ("{}", "use {} now", "key={}", '"{}"', "({}),", "\n{}\n")


@pytest.mark.parametrize("secret", SECRETS)
def test_well_known_formats_are_taken_out_wherever_they_stand(secret: str) -> None:
    """Alone, in a sentence, in quotes, in brackets, on a line of their own."""
    for place in PLACES:
        shown = redacted(place.format(secret))
        assert secret not in shown
        assert ALNUM[:12] not in shown
        assert MARK in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2hunter2", "password=[redacted]"),
        (
            "export AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7",
            "export AWS_SECRET_ACCESS_KEY=[redacted]",
        ),
        ("OPENAI_API_KEY: abcdefgh12", "OPENAI_API_KEY: [redacted]"),
        ("clientSecret = abcdefgh12", "clientSecret = [redacted]"),
        ('{"api_key": "abc def 12", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
        (r'{"password": "it\"s secret"}', '{"password": "[redacted]"}'),
        (r'"{\"password\": \"hunter2\"}"', r'"{\"password\": \"[redacted]\"}"'),
        ("{'token': 'a \"b\" c d'}", "{'token': '[redacted]'}"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("authorization: token abcdefgh", "authorization: token [redacted]"),
        ("curl -H 'Bearer abc123def456ghi'", "curl -H 'Bearer [redacted]'"),
        ("git clone https://ada:pa55@host/x", "git clone https://ada:[redacted]@host/x"),
        ("redis://:pa55@host:6379/0", "redis://:[redacted]@host:6379/0"),
        ("POSTGRES://u:p@h/d", "POSTGRES://u:[redacted]@h/d"),
        ("PASS=hunter2x", "PASS=[redacted]"),
        ("DB_PASS='correct horse' make", "DB_PASS='[redacted]' make"),
        ("mysql --user ada --password hunter2x db", "mysql --user ada --password [redacted] db"),
        ('run --api-key "a b c d" --n 3', 'run --api-key "[redacted]" --n 3'),
        ("a?access_token=abcdefgh&b=1", "a?access_token=[redacted]&b=1"),
    ],
)
def test_what_is_named_a_secret_is_taken_out(text: str, shown: str) -> None:
    """The name stays, so that a person sees what was there; the rest of the line stays too."""
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Add basic authentication to the login page",
        "bearer authentication is documented in RFC 6750",
        "function f(token: string, password: string) {",
        "const tokenizer = AutoTokenizer.from_pretrained(model)",
        '{"input_tokens": 1234567890, "max_tokens": 12345678}',
        "PASS: test_parser_reads_everything",
        "pass=1234 fail=0",
        "deputize add --budget-tokens 200000 --token-file <path>",
        "--tokens 1234567",
        "see https://example.org:8080/path and a@b.example",
        "the secret of good tests is that they can fail",
        "commit 0123456789abcdef0123456789abcdef01234567",
    ],
)
def test_plain_words_and_figures_stay(text: str) -> None:
    """What only speaks of secrets is left for people to read."""
    assert redacted(text) == text


def test_redacting_again_changes_nothing() -> None:
    """A line that passes two rooms looks as after the first."""
    once = redacted(" ".join((*SECRETS, "password=hunter2hunter2", "Authorization: Basic abcdef")))
    assert redacted(once) == once


def test_json_values_are_redacted_all_the_way_down() -> None:
    """By what they look like and by the name they have; what is no text is kept."""
    value = {
        "say": [f"use sk-{ALNUM}", {"deep": (f"npm_{ALNUM[:36]}", 1, None, True, 2.5)}],
        "password": "short",
        "api_keys": ["one", ["two"]],
        "token": 7,
        "secret": "",
        "input_tokens": 12,
    }
    assert redacted_value(value) == {
        "say": [f"use {MARK}", {"deep": [MARK, 1, None, True, 2.5]}],
        "password": MARK,
        "api_keys": [MARK, [MARK]],
        "token": 7,
        "secret": "",
        "input_tokens": 12,
    }


MEGABYTE = 1 << 20
REPEATED = (
    *(
        "a-",
        "token-",
        "api_key_",
        "eyJ-",
        "eyJaaaaaaaaaaaa.",
        "--a-",
        "--token ",
        "pass=",
        "SG.aaaaaaaaaaaaaaaa.",
        "secret-a",
        "sk-",
        "bearer ",
        "Basic\t",
    ),
    *(
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN A ",
        "ab://",
        "ab://x:",
        '"token": "',
        "password=\\",
    ),
    *(
        "secret: ",
        "token\n",
        "authorization: basic ",
        "akia",
        "passwd'",
        "\\",
        '"',
        "\x1b[",
        "a" * 50,
    ),
)


@pytest.mark.parametrize("piece", REPEATED)
def test_a_megabyte_of_anything_is_done_with(piece: str) -> None:
    """The time grows with the length alone: a rule that doesn't would run into the test's limit."""
    hostile = 'bearer https://u: token password="' + piece * (MEGABYTE // len(piece))
    assert isinstance(redacted(hostile), str)
    assert isinstance(printable(hostile), str)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b]8;;http://evil\x1b\\click", "\\x1b]8;;http://evil\\x1b\\click"),
        ("\x9b2J\x90q\x9c", r"\x9b2J\x90q\x9c"),
        ("10 %\r100 %\b\b", r"10 %\x0d100 %\x08\x08"),
        ("a\x00\x7f\x85", r"a\x00\x7f\x85"),
        ("one\r\ntwo\tthree\n", "one\ntwo\tthree\n"),
        ("access\u202e\u2066 // check\u2069", r"access\x202e\x2066 // check\x2069"),
        ("\u200e\u200f\u061c\u202a\u2067", r"\x200e\x200f\x61c\x202a\x2067"),
        ("caf\udce9", r"caf\xdce9"),
        ("naïve 中文 ✓ 👍", "naïve 中文 ✓ 👍"),
    ],
)
def test_control_characters_are_shown_instead_of_sent(text: str, shown: str) -> None:
    """Escape sequences, C1, bidirectional overrides and broken text become visible and harmless."""
    assert printable(text) == shown


@given(st.text(st.characters(), max_size=200))
def test_whatever_is_printable_can_be_sent_to_any_terminal(text: str) -> None:
    """It can be encoded, and the only control characters left are line ends and tabs."""
    shown = printable(text)
    shown.encode()
    left = {letter for letter in shown if ord(letter) < 0x20 or 0x7F <= ord(letter) < 0xA0}
    assert left <= {"\n", "\t"}
    assert printable(shown) == shown


NAMES = [
    ("plain.py", "plain.py"),
    ("with space.py", "with space.py"),
    ("é中.py", "é中.py"),
    ("back\\slash", "back\\slash"),
    (" leading", '" leading"'),
    ("two  spaces", r'"two \x20spaces"'),
    ("new\nline", r'"new\nline"'),
    ("car\rriage\ttab", r'"car\rriage\ttab"'),
    ("byte\udcff", r'"byte\xff"'),
    ("byte\\xff", "byte\\xff"),
    ('"quoted"', r'"\"quoted\""'),
    ("no\u00a0break", r'"no\xc2\xa0break"'),
    ("esc\x1b[31m", r'"esc\x1b[31m"'),
    ("", '""'),
]
ODD = st.text('ab \n\\"\udcffx\xa0', max_size=6)


@pytest.mark.parametrize(("name", "shown"), NAMES)
def test_names_are_shown_as_they_are_or_quoted(name: str, shown: str) -> None:
    """What a terminal, a table or an eye would lose is spelled out."""
    assert shown_name(name) == shown


@given(ODD, ODD)
def test_different_names_look_different(one: str, other: str) -> None:
    """No two names are shown alike, to people (whose tables join spaces) or to programs."""
    same = one == other
    assert (" ".join(shown_name(one).split()) == " ".join(shown_name(other).split())) is same
    assert (json_name(one) == json_name(other)) is same
    json_name(one).encode()


def test_bytes_that_are_no_text_are_spelled_out_in_documents() -> None:
    """Half a pair is no valid JSON."""
    assert spelled_out({"a\udcff": ["b\udc80", ("\ud800", 1)]}) == {
        r"a\xff": [r"b\x80", [r"\xed\xa0\x80", 1]]
    }


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://models.example.org/v1", "https://models.example.org/v1"),
        ("http://ada:hunter2hunter2@127.0.0.1:8080/v1?key=abc#x", "http://127.0.0.1:8080/v1"),
        ("https://[::1/v1", "[redacted]"),
    ],
)
def test_an_address_is_kept_without_what_may_be_secret(url: str, bare: str) -> None:
    """Name, password, query and fragment go; what is no address at all goes whole."""
    assert bare_url(url) == bare
