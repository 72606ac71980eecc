"""Where agents are measured: a scripted model on loopback, the real Copilot, and a house."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.house import DEADLINE_SECONDS, House, house, worker
from deputize.client import Client
from deputize.demo.model import MODEL_NAME, Scene, Script, Turn, WriteFile, dump_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.client.blocking import SyncClient
    from deputize.model.task import Task

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = ROOT / ".cache" / "copilot-runtime" / "copilot-runtime"
MOST_TASKS = 64
SHARED = '[sandbox]\nlevel = "off"'
"""Settings with which attempts share a runtime."""
SETTINGS = """
default_agent = "copilot"
[agents.copilot]
path = "{runtime}"
provider = "scripted"
model = "{model}"
[providers.scripted]
type = "openai"
base_url = "{url}"
key_variable = "SCRIPTED_KEY"
[landing]
without_checks = "land"
[worker]
slots = {slots}
{more}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A scripted model that is served by a process of its own."""

    openai_url: str


def prompt(number: int) -> str:
    """Ask for one file, which no other number asks for."""
    return f"Please write note {number}."


def program() -> Path:
    """Return the whole `copilot`, as people have it."""
    return next(iter(sorted(ROOT.glob("node_modules/@github/copilot-*/copilot"))))


def notes(delay_seconds: float = 0.0) -> Script:
    """Write the note that is asked for, then say so; each answer takes a while to come."""
    return Script(scenes=tuple(_note(number, delay_seconds) for number in range(MOST_TASKS)))


def _note(number: int, delay_seconds: float) -> Scene:
    step = WriteFile(path=f"{{workspace}}/note-{number}.txt", content="one\n")
    turns = (
        Turn(steps=(step,), delay_seconds=delay_seconds),
        Turn(say="It is written.", delay_seconds=delay_seconds),
    )
    return Scene(name=f"note {number}", contains=prompt(number), turns=turns)


@contextmanager
def served(script: Script, folder: Path) -> Iterator[Model]:
    """Serve a script from a process of its own, so that it waits for nobody here."""
    file = folder / "script.json"
    file.write_text(dump_script(script))
    argv = (sys.executable, "-m", "deputize.demo.model", "--script", str(file))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Model(openai_url=json.loads(process.stdout.readline())["openai_url"])
        finally:
            process.terminate()
            process.wait(DEADLINE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A house with a worker whose agent is Copilot."""

    house: House
    model: Model
    client: SyncClient
    worker_pid: int

    def attempt_seconds(self, task: Task) -> float:
        """Return how long a task took from when it was queued until its work was saved."""
        (attempt,) = self.client.get(task.id).attempts
        assert attempt.finished_at is not None
        assert attempt.outcome == "succeeded", attempt.error
        return (attempt.finished_at - task.created_at).total_seconds()


@contextmanager
def stage(script: Script, *, slots: int = 1, more: str = "") -> Iterator[Stage]:
    """Build it, with `more` settings at the end, and tear it down."""
    with ExitStack() as stack:
        built = stack.enter_context(house(SCRIPTED_KEY="dummy"))
        model = stack.enter_context(served(script, built.folder))
        settings = SETTINGS.format(
            runtime=RUNTIME, model=MODEL_NAME, url=model.openai_url, slots=slots, more=more
        )
        (built.folder / "home" / "config.toml").write_text(settings)
        running = stack.enter_context(worker(built))
        client = Client.sync(built.folder / "home", start_worker=False)
        stack.enter_context(client)
        yield Stage(house=built, model=model, client=client, worker_pid=running.pid)
