"""The verbs about providers, as a person types them."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import MODEL_NAME, Script, ScriptedModel
from tests.waiting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.surfaces.cli.conftest import CommandLine

KEY = "hush-0123456789"
URL = "https://models.example.org/v1"
WORK = ("provider", "add", "work", "--type", "openai", "--base-url", URL)


def holding(folder: Path, secret: str) -> list[Path]:
    """Return the files of a folder that hold a secret."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return [file for file in files if secret.encode() in file.read_bytes()]


def test_a_key_on_stdin_is_kept_in_a_private_file(deputize: CommandLine) -> None:
    """It is nowhere else, and nothing that is printed has it; the list says that it is there."""
    deputize.configure('# mine\ndefault_agent = "toy"\n[agents.toy]\ncommand = ["true"]\n')
    said = deputize(*WORK, "--model", "m", stdin=f"{KEY}\n".encode())
    assert said.code == 0, said.err
    file = deputize.home / "keys" / "work"
    assert (file.read_text(), file.stat().st_mode & 0o777) == (f"{KEY}\n", 0o600)
    assert holding(deputize.home, KEY) == [file]
    assert "# mine" in (deputize.home / "config.toml").read_text()
    (listed,) = deputize("provider", "list", "--json").document
    assert listed == {
        "name": "work", "type": "openai", "base_url": URL, "model": "m", "wire": None,
        "key": f"the file {file}", "has_key": True, "problem": None, "hint": None,
    }  # fmt: skip
    assert KEY not in said.out + said.err + deputize("provider", "list").out


def test_a_key_is_asked_for_without_an_echo(deputize: CommandLine) -> None:
    """At a terminal it is typed, and is not seen there."""
    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        deputize.argv(*WORK),
        cwd=deputize.folder,
        env=deputize.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    while b"not shown" not in seen:
        seen += os.read(ours, 1000)
    os.write(ours, f"{KEY}\n".encode())
    while (piece := _read(ours)) != b"":
        seen += piece
    os.close(ours)
    assert asking.wait(30) == 0
    assert KEY.encode() not in seen
    assert (deputize.home / "keys" / "work").read_text() == f"{KEY}\n"


def _read(descriptor: int) -> bytes:
    """Return what a terminal says; nothing once it is closed."""
    try:
        return os.read(descriptor, 1000)
    except OSError:
        return b""


@pytest.mark.parametrize("words", [("--key", KEY), (f"--key={KEY}",), (f"--api-key={KEY}",)])
def test_a_key_on_the_command_line_is_refused(
    deputize: CommandLine, words: tuple[str, ...]
) -> None:
    """It is not taken, not repeated, and kept nowhere."""
    said = deputize(*WORK, *words)
    assert said.code == 2
    assert said.err.startswith("error: a key is not taken from the command line")
    assert KEY not in said.err
    assert not deputize.home.exists() or holding(deputize.home, KEY) == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("provider", "add", "w", "--type", "azure", "--no-key"), "needs an address"),
        ((*WORK[:-1], f"http://me:{KEY}@x/v1", "--no-key"), "the address has a name in it"),
        ((*WORK[:-1], f"http://{KEY}@", "--no-key"), "the address has a name in it"),
        ((*WORK[:-1], "ftp://x/v1", "--no-key"), "that is no address of a provider"),
        ((*WORK[:-1], "http://[x/v1", "--no-key"), "that is no address of a provider"),
        (("provider", "add", "a/b", "--type", "openai", "--no-key"), "no name of a provider"),
        ((*WORK, "--key-variable", "sk-" + KEY), "takes a name, not a key"),
        ((*WORK, "--key-file", "f", "--no-key"), "not allowed with"),
        (("provider", "add", "w", "--type", "other"), "invalid choice"),
        (WORK, "there is no key"),
        (("provider", "test", "gone"), "no provider is called 'gone'"),
        (("provider", "test"), "no provider is configured"),
    ],
)
def test_what_is_wrong_is_told(deputize: CommandLine, words: tuple[str, ...], error: str) -> None:
    """Nothing is written then, and a key in the wrong place is not repeated."""
    said = deputize(*words)
    assert (said.code, said.out) == (2, "")
    assert error in said.err
    assert "hint: " in said.err
    assert KEY not in said.err
    assert not (deputize.home / "config.toml").exists()


def test_a_provider_is_replaced_only_on_demand(deputize: CommandLine) -> None:
    """A new key for it is asked for then."""
    assert deputize(*WORK, stdin=b"old-key\n").code == 0
    again = deputize(*WORK, stdin=b"new-key\n")
    assert (again.code, "there is a provider called work already" in again.err) == (2, True)
    assert (deputize.home / "keys" / "work").read_text() == "old-key\n"
    assert deputize(*WORK, "--replace", stdin=b"new-key\n").code == 0
    assert (deputize.home / "keys" / "work").read_text() == "new-key\n"


def test_a_key_may_be_elsewhere(deputize: CommandLine, tmp_path: Path) -> None:
    """In a variable, in a file that is there already, or nowhere; the list says what is missing."""
    mine = tmp_path / "mine.key"
    mine.write_text(KEY)
    refused = deputize(*WORK, "--key-file", str(mine))
    assert (refused.code, f"chmod 600 {mine}" in refused.err) == (3, True)
    mine.chmod(0o600)
    assert deputize(*WORK, "--key-file", str(mine)).code == 0
    assert deputize("provider", "add", "v", "--type", "anthropic", "--key-variable", "V").code == 0
    assert deputize("provider", "add", "local", "--type", "ollama").code == 0
    listed = {one["name"]: one for one in deputize("provider", "list", "--json").document}
    assert [one["has_key"] for one in listed.values()] == [True, False, None]
    assert listed["v"]["problem"] == "V is not set, and provider v needs it"
    assert listed["local"]["base_url"] == "http://localhost:11434/v1"
    found = deputize("provider", "list", V=KEY)
    assert ("key is missing" in found.out, KEY in found.out) == (False, False)


def test_a_keyring_that_keeps_nothing_is_refused(deputize: CommandLine) -> None:
    """No settings are written for a key that is not there."""
    backend = "keyring.backends.null.Keyring"
    said = deputize(*WORK, "--key-keyring", stdin=KEY.encode(), PYTHON_KEYRING_BACKEND=backend)
    assert (said.code, "the keyring does not keep keys" in said.err) == (3, True)
    assert not (deputize.home / "config.toml").exists()


def test_providers_are_asked_whether_they_answer(deputize: CommandLine) -> None:
    """One that does lists its models; where one doesn't, the exit code is 1 and it is told why."""
    with ScriptedModel(Script(scenes=())) as model:
        url = ("--base-url", model.openai_url)
        assert deputize("provider", "add", "good", "--type", "ollama", *url).code == 0
        words = ("provider", "test", "--json")
        good = deputize(
            *words, COPILOT_BYOK_PROVIDER="openai", COPILOT_BYOK_BASE_URL=model.openai_url
        )
        assert good.code == 0
        assert [(one["name"], one["ok"]) for one in good.document] == [
            ("good", True),
            ("COPILOT_BYOK", True),
        ]
        assert MODEL_NAME in good.document[0]["models"]
        bad = ("--base-url", model.openai_url + "/wrong")
        assert deputize("provider", "add", "bad", "--type", "ollama", *bad).code == 0
        said = deputize("provider", "test")
    assert said.code == 1
    assert "there is nothing at this address: wrong base_url (404 Not Found)" in said.out
    assert "hint: bad: base_url is" in said.err
    gone = deputize("provider", "test", "good", "--timeout", "5")
    assert (gone.code, "nothing listens at" in gone.out) == (1, True)


def test_an_agent_adds_no_provider(working: CommandLine) -> None:
    """It could have prompts and keys of later tasks sent to a server of its choice."""
    working.use_toy("deputize provider add evil --type ollama 2>&1; true")
    task = working.add("do it", "--role", "inspector")
    assert working("up", "--detach").code == 0
    shown = wait_until(
        lambda: (found := working("show", str(task), "--json").document)["finished_at"] and found
    )
    assert "started by an attempt" in shown["result"]
    assert "[providers" not in (working.home / "config.toml").read_text()
