"""Keys and logins reach the model, and nothing else: real workers, the real Copilot runtime."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.config.private import write_private
from deputize.demo.model import MODEL_NAME, RunShell, Scene, Script, ScriptedModel, Turn
from tests.fixtures.house import LAND
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.demo.model import ModelRequest
    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"
KEY = "hush7f31c9d2e4"
"""No pattern of a secret fits it: where it is missing, nobody has redacted it."""


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve a script that writes a line, shows its environment, and waits."""
    turns = (
        Turn(steps=(RunShell(command="env > seen.txt; echo one more line >> notes.txt"),)),
        Turn(say="The line is in notes.txt.", wait_for="go"),
    )
    script = Script(scenes=(Scene(name="notes", contains=TASK, turns=turns),))
    with ScriptedModel(script) as served:
        yield served


def second_turn(request: ModelRequest) -> bool:
    """Tell whether a request is the one that waits at the gate."""
    return request.turn == 1


def with_copilot(house: House, runtime: Path, more: str) -> None:
    """Configure the real Copilot, and `more`."""
    table = f"[agents.copilot]\nkind = 'copilot'\npath = '{runtime}'\nmodel = '{MODEL_NAME}'\n"
    house.configure(f"{LAND}{table}{more}")


def add(house: House, *words: str) -> int:
    """Queue the task for Copilot."""
    return int(house.cli("add", "-q", "--no-start", "--agent", "copilot", *words, TASK))


def holding(folder: Path, secret: str) -> list[Path]:
    """Return the files of a folder that hold a secret anywhere; some go while it is looked at."""
    files = [Path(place, name) for place, _, names in os.walk(folder) for name in names]
    return [file for file in files if file.is_file() and secret in _text(file)]


def _text(file: Path) -> str:
    try:
        return file.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return ""


def of_processes(house: House, secret: str) -> list[str]:
    """Return what arguments and environments of the house's processes hold a secret."""
    places = [Path(f"/proc/{pid}/{each}") for pid in house.processes() for each in PLACES]
    assert len(places) >= 2 * len(PLACES), "there is a worker and an agent at least"
    return [str(place) for place in places if secret.encode() in place.read_bytes()]


PLACES = ("cmdline", "environ")


def test_a_key_is_only_where_its_owner_has_put_it(
    house: House, model: ScriptedModel, copilot_runtime: Path
) -> None:
    """Database, journal, logs, sessions, arguments, environments: none has it, while it works."""
    write_private(house.home.keys / "scripted", f"{KEY}\n".encode())
    with_copilot(
        house,
        copilot_runtime,
        f"[providers.scripted]\ntype = 'openai'\nbase_url = '{model.openai_url}'\n"
        "key_file = 'keys/scripted'\n[agents.env]\nkind = 'command'\ncommand = ['env']\n",
    )
    house.environment["COPILOT_LOG_LEVEL"] = "all"
    house.up()
    task = add(house, "--provider", "scripted")
    asked = model.wait_for_request(second_turn, timeout_seconds=30)
    assert asked.key == f"Bearer {KEY}"
    assert of_processes(house, KEY) == []
    model.open("go")
    assert house.until(task)["state"] == "done"
    assert "its models come through provider scripted, key in the file" in house.log(task)
    other = int(
        house.cli("add", "-q", "--no-start", "--agent", "env", "--role", "inspector", "Look")
    )
    assert "DEPUTIZE_TASK" in house.until(other)["result"]
    said = "".join(house.cli(*words) for words in (("audit",), ("show", "1"), ("logs", "1")))
    assert KEY not in said
    assert holding(house.folder, KEY) == [house.home.keys / "scripted"]
    assert holding(house.user, KEY) == []


def test_home_s_env_file_serves_copilot(
    house: House, model: ScriptedModel, copilot_runtime: Path
) -> None:
    """The worker takes the provider from there; what a repository or a folder has counts not."""
    with_copilot(house, copilot_runtime, "")
    write_private(
        house.home.variables,
        f"COPILOT_BYOK_PROVIDER=openai\nCOPILOT_BYOK_BASE_URL={model.openai_url}\n"
        f"COPILOT_BYOK_API_KEY={KEY}\n".encode(),
    )
    hostile = "COPILOT_BYOK_MODEL=hostile\n"
    house.repo.commit(__env=hostile)
    for folder in (house.repo.path, house.folder):
        (folder / ".env").write_text(hostile)
        (folder / ".env").chmod(0o600)
    model.open("go")
    house.up()
    task = add(house)
    assert house.until(task)["state"] == "done"
    assert (
        "its models come through provider COPILOT_BYOK, key in COPILOT_BYOK_API_KEY"
        in house.log(task)
    )
    turns = [request for request in model.requests if request.turn is not None]
    assert {(request.model, request.key) for request in turns} == {(MODEL_NAME, f"Bearer {KEY}")}
    assert KEY not in house.repo.git("show", "main:seen.txt")
    assert holding(house.folder, KEY) == [house.home.variables]


@pytest.mark.parametrize(
    ("mode", "words"), [(0o644, "others may read"), (0o600, "no key of mine under deputize")]
)
def test_a_key_that_can_t_be_had_fails_the_task_and_says_why(
    house: House, copilot_runtime: Path, mode: int, words: str
) -> None:
    """A file that others can read is not used; a keyring without the key is told too."""
    file = house.home.keys / "mine"
    write_private(file, KEY.encode(), mode)
    source = "key_file = 'keys/mine'" if mode != 0o600 else "key_keyring = 'deputize'"
    house.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    with_copilot(
        house,
        copilot_runtime,
        f"provider = 'mine'\n[providers.mine]\ntype = 'openai'\nbase_url = 'http://x'\n{source}\n",
    )
    house.up()
    failed = house.until(add(house))
    assert failed["state"] == "failed"
    assert failed["error"]["reason"] == "auth_failed"
    assert words in failed["error"]["message"]


LEAK = r"""
printf 'plain: %s\n' "$OPENAI_API_KEY"
printf 'in pieces: '
for n in 1 6 11; do printf %s "$OPENAI_API_KEY" | cut -c$n-$((n+4)) | tr -d '\n'; done; echo
printf 'user:%s' "$OPENAI_API_KEY" | base64
printf %s "$OPENAI_API_KEY" | od -An -v -tx1 | tr -d ' \n'; echo
printf 'of mine: %s\n' "$DEPLOY_TOKEN" >&2
printf 'that is all: %s' "$OPENAI_API_KEY"
exit 3
"""


def test_an_agent_that_tells_its_key_tells_nobody(house: House) -> None:
    """Plain, in base64, in hexadecimal, in pieces: no log, result, event or notice has it."""
    write_private(house.home.keys / "scripted", f"{KEY}\n".encode())
    mine = "another-quiet-one-9"
    write_private(house.home.variables, f"DEPLOY_TOKEN={mine}\n".encode())
    notices = house.folder / "notices.txt"
    notice = f"cat >> {notices}; echo >> {notices}"
    house.configure(
        'env = ["DEPLOY_TOKEN"]\nprovider = "scripted"\n'
        "[providers.scripted]\ntype = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\n"
        f"key_file = 'keys/scripted'\n[[notify]]\nkind = 'command'\non = ['task.failed']\n"
        f'command = ["sh", "-c", "{notice}"]\n{LAND}'
    )
    house.up()
    task = house.add(LEAK, "--attempts", "1")
    failed = house.until(task)
    assert "that is all: [redacted]" in str(failed)
    log = house.log(task)
    for line in ("plain: [redacted]", "in pieces: [redacted]", "of mine: [redacted]"):
        assert line in log
    wait_until(lambda: notices.exists() and "task.failed" in notices.read_text())
    told = [base64.b64encode(f"user:{KEY}".encode()).decode()[8:-4], KEY.encode().hex(), KEY, mine]
    house.cli("down")
    for secret in told:
        assert holding(house.folder, secret) == [
            file
            for file in (house.home.keys / "scripted", house.home.variables)
            if secret in file.read_text()
        ]
