"""`deputize demo` as its user runs it: real processes, the real Copilot runtime, real git."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil
import pytest

from deputize.demo.crew import Crew
from deputize.demo.model import MODEL_NAME, ScriptedModel
from deputize.demo.narrator import Narrator
from deputize.demo.stage import open_stage, write_settings
from deputize.demo.story import FIX, story_script
from deputize.demo.watch import Watch
from deputize.desk.adding import add
from deputize.desk.context import open_desk
from deputize.errors import DeputizeError
from deputize.model.task import TaskSpec
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(150)

ENDED_SECONDS = 90.0
CONFIG = """\
default_agent = "mine"
[agents.mine]
kind = "copilot"
path = "{path}"
model = "{model}"
provider = "own"
[providers.own]
type = "openai"
base_url = "{url}"
key_variable = "OWN_MODEL_KEY"
"""


@dataclass(slots=True, kw_only=True)
class User:
    """Somebody who tries the demo: a home, a TMPDIR, and a runtime, all their own."""

    folder: Path
    runtime: Path | None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def temporary(self) -> Path:
        """Where temporary files of theirs go."""
        return self.folder / "tmp"

    @property
    def state(self) -> Path:
        """Their own deputize home."""
        return self.folder / "state"

    def environment(self) -> dict[str, str]:
        """Return all that their programs see."""
        for name in ("tmp", "home", "state"):
            (self.folder / name).mkdir(exist_ok=True)
        places = {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin")),
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.temporary),
            "DEPUTIZE_HOME": str(self.state),
            "DEPUTIZE_LANDING__MODE": "ask",
            "LANG": "C.UTF-8",
        }
        chosen = {"COPILOT_CLI_PATH": str(self.runtime)} if self.runtime else {}
        return places | chosen | self.extra

    @contextmanager
    def starts(self, *options: str) -> Iterator[subprocess.Popen[str]]:
        """Start the demo; it is killed at the end where it still runs."""
        argv = (str(Path(sys.executable).with_name("deputize")), "demo", *options)
        with subprocess.Popen(
            argv,
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def runs(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the demo to its end."""
        with self.starts(*options) as process:
            stdout, stderr = process.communicate(timeout=ENDED_SECONDS)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def processes(self) -> list[psutil.Process]:
        """Return the processes that know this user's TMPDIR."""
        return [process for process in psutil.process_iter() if _knows(process, self.temporary)]

    def left(self) -> list[str]:
        """Return what is in the home, the state and the TMPDIR of this user."""
        return [path.name for name in ("tmp", "home", "state") for path in _inside(self, name)]


def _inside(user: User, name: str) -> list[Path]:
    return sorted((user.folder / name).iterdir())


def _knows(process: psutil.Process, folder: Path) -> bool:
    try:
        return any(str(folder) in value for value in process.environ().values())
    except (psutil.Error, OSError):
        return False


@pytest.fixture
def user(tmp_path: Path, copilot_runtime: Path) -> User:
    """Give a user who has the runtime."""
    return User(folder=tmp_path, runtime=copilot_runtime)


def _until(stream: IO[str] | None, words: str) -> str:
    """Read lines until one has `words`; return all of them."""
    assert stream is not None
    read = []
    for line in stream:
        read.append(line)
        if words in line:
            return "".join(read)
    pytest.fail(f"{words!r} was never said:\n{''.join(read)}")


def _in_order(text: str, *words: str) -> bool:
    """Tell whether the words come one after another."""
    return re.search(".*".join(map(re.escape, words)), text, re.DOTALL) is not None


def test_the_demo_does_the_whole_job_and_leaves_nothing(user: User) -> None:
    """It shows every step, every fact holds, and neither files nor processes are left."""
    ended = user.runs()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = ended.stdout
    assert "scripted model: this shows the machinery, not intelligence" in told
    assert _in_order(
        told, "FAILED (failures=1)", "stored durably", "side by side", "landed on main"
    )
    assert _in_order(told, "#1  done", "#3  what it needs is done", "#3  done", "OK\n")
    assert told.count("notified: Task #") == told.count("landed on main as ") == 3
    assert _in_order(told, "# Audit trail", "## #1", "## #2", "## #3", "in an unbroken chain")
    assert "FAILED  " not in told
    assert told.partition("Next, in a repository of your own")[2].count("deputize ") == 3
    assert "\x1b" not in told
    assert ended.stderr == ""
    assert user.left() == []
    assert user.processes() == []


def test_keep_leaves_a_home_that_works(user: User) -> None:
    """With --keep the folder stays, and its home can be looked into."""
    ended = user.runs("--keep")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    (folder,) = user.temporary.iterdir()
    assert f"kept: {folder}" in ended.stdout
    listed = subprocess.run(
        (str(Path(sys.executable).with_name("deputize")), "list", "--all"),
        env=user.environment() | {"DEPUTIZE_HOME": str(folder / "home")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.count("done") == 3
    status = ("git", "-C", str(folder / "billsplit"), "status", "--porcelain")
    assert subprocess.check_output(status, text=True) == ""


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_whoever_interrupts_it_has_nothing_to_clean_up(
    user: User, number: int, exit_code: int
) -> None:
    """Interrupted with agents at work, it ends them and its worker and removes its folder."""
    with user.starts() as process:
        _until(process.stdout, "side by side")
        process.send_signal(number)
        process.communicate(timeout=ENDED_SECONDS)
        assert process.returncode == exit_code
    assert user.left() == []
    assert user.processes() == []


def test_a_worker_that_dies_makes_it_fail_and_keep_the_logs(user: User) -> None:
    """It says that the worker ended and where the logs are, and ends what the worker has left."""
    with user.starts() as process:
        _until(process.stdout, "side by side")
        (worker,) = (each for each in user.processes() if "up" in each.cmdline())
        worker.kill()
        _, stderr = process.communicate(timeout=ENDED_SECONDS)
        assert process.returncode == 1
    (folder,) = user.temporary.iterdir()
    assert "the worker ended with exit code -9" in stderr
    assert f"{folder}/home/logs" in stderr
    assert wait_until(lambda: user.processes() == [])


def test_without_the_runtime_it_says_how_to_get_it(tmp_path: Path) -> None:
    """Where there is no Copilot it fails before anything is made, with the command to type."""
    ended = User(folder=tmp_path, runtime=None).runs()
    assert ended.returncode == 3
    assert "hint: npm install -g @github/copilot" in ended.stderr
    assert ended.stdout == ""
    assert list((tmp_path / "tmp").iterdir()) == []


def test_real_uses_the_users_own_provider(user: User, copilot_runtime: Path) -> None:
    """With --real the agent, model, provider and key are those of the user's own settings."""
    with ScriptedModel(story_script(0.1)) as model:
        told = CONFIG.format(path=copilot_runtime, model=MODEL_NAME, url=model.openai_url)
        user.state.mkdir()
        (user.state / "config.toml").write_text(told, encoding="utf-8")
        user.extra["OWN_MODEL_KEY"] = "key-of-the-user"
        ended = user.runs("--real")
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert {request.key for request in model.requests} == {"Bearer key-of-the-user"}
    assert "scripted model" not in ended.stdout
    assert [path.name for path in user.state.iterdir()] == ["config.toml"]
    assert list(user.temporary.iterdir()) == []


def test_real_without_a_key_says_which(user: User, copilot_runtime: Path) -> None:
    """Where the provider's key is not set, it fails before anything is made."""
    told = CONFIG.format(path=copilot_runtime, model=MODEL_NAME, url="http://127.0.0.1:9/v1")
    user.state.mkdir()
    (user.state / "config.toml").write_text(told, encoding="utf-8")
    ended = user.runs("--real")
    assert ended.returncode == 3
    assert "OWN_MODEL_KEY" in ended.stderr
    assert ended.stdout == ""


def test_an_agent_is_only_chosen_with_real(user: User) -> None:
    """The scripted model plays with Copilot, so naming another agent is refused."""
    ended = user.runs("--agent", "goose")
    assert ended.returncode == 2
    assert "hint: add --real" in ended.stderr


class Silence:
    """A voice that keeps what it is told."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.told: list[str] = []

    def title(self, text: str) -> None:
        """Keep a title."""
        self.told.append(text)

    def say(self, text: str) -> None:
        """Keep a line."""
        self.told.append(text)


def _watch_a_task_that_is_held(voice: Silence) -> None:
    with open_stage(voice, keep=False) as stage:
        write_settings(stage, {}, "copilot")
        with open_desk(stage.home) as desk:
            spec = TaskSpec(prompt=FIX.prompt, repo=str(stage.repository), held=True)
            ids = [add(desk, spec).task.id]
            watch = Watch(desk, Narrator(voice, stage), stage, ids)
            with Crew(stage, stage.environment({}), lambda: ()) as crew:
                watch.until_over(crew, quiet_seconds=1)


def test_what_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing happens any more, it fails with the place of the logs, and keeps them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    voice = Silence()
    with pytest.raises(DeputizeError, match="nothing has happened") as failed:
        _watch_a_task_that_is_held(voice)
    (folder,) = tmp_path.iterdir()
    assert f"{folder}/home/logs" in (failed.value.hint or "")
    assert f"kept, for you to look into: {folder}" in voice.told
