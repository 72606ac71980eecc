"""Our own logs: in files, never on the terminal unless asked, and without secrets."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize import log
from deputize.log import RotatingFile

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = Path(__file__).resolve().parents[1] / "src"


@pytest.fixture(autouse=True)
def fresh_log() -> Iterator[None]:
    """Let each test set up the log for itself, and leave nothing bound."""
    from structlog.contextvars import clear_contextvars

    log._state.logger = None
    clear_contextvars()
    yield
    if log._state.file is not None:
        log._state.file.close()
    log._state.logger = log._state.file = None
    log.hide(())


def lines(path: Path) -> list[dict[str, object]]:
    """Return the lines of a log."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def run_python(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run Python with our sources."""
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_line_has_its_time_level_room_and_ids(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each line is JSON with the bound ids, and the terminal stays empty."""
    log.configure(tmp_path / "logs", "worker")
    log.bind(task=12, attempt=1)
    log.get("notify").warning("a channel broke", channel="ops", path=Path("/x"), event="same name")
    (line,) = lines(tmp_path / "logs" / "worker.log")
    assert line.pop("at")
    assert line == {
        "event": "a channel broke",
        "level": "warning",
        "log": "notify",
        "task": 12,
        "attempt": 1,
        "channel": "ops",
        "path": "/x",
    }
    assert stat.S_IMODE((tmp_path / "logs" / "worker.log").stat().st_mode) == 0o600
    assert capfd.readouterr() == ("", "")


def test_what_outlives_an_attempt_logs_under_no_attempt(tmp_path: Path) -> None:
    """What is taken off stands on no later line; what else is bound stays."""
    log.configure(tmp_path, "worker")
    log.bind(worker="w1", task=12)
    log.unbind("task", "attempt")
    log.get("x").info("on")
    (line,) = lines(tmp_path / "worker.log")
    assert (line["worker"], "task" in line) == ("w1", False)


def test_secrets_are_taken_out_wherever_they_are(tmp_path: Path) -> None:
    """In the event, in values of any type, and in tracebacks."""
    secret = "ghp_" + "a" * 36
    log.configure(tmp_path, "worker")
    try:
        int(secret)
    except ValueError as error:
        log.get("x").exception(f"saw {secret}", error=error, nested={"deep": [Path(secret)]})
    (line,) = lines(tmp_path / "worker.log")
    assert secret not in json.dumps(line)
    assert "ValueError" in str(line["exception"])


def test_values_that_are_known_to_be_secret_are_taken_out(tmp_path: Path) -> None:
    """Those of variables, say: no rule finds them."""
    log.configure(tmp_path, "worker")
    log.get("x").info("it is quiet-as-a-mouse")
    log.hide(["quiet-as-a-mouse"])
    log.get("x").info("it is quiet-as-a-mouse", where="cXVpZXQtYXMtYS1tb3VzZQ==")
    before, after = lines(tmp_path / "worker.log")
    assert before["event"] == "it is quiet-as-a-mouse"
    assert (after["event"], after["where"]) == ("it is [redacted]", "[redacted]")


def test_debug_lines_are_written_only_where_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """DEPUTIZE_LOG=debug brings them into the file, and every line to stderr, made harmless."""
    log.configure(tmp_path, "worker")
    log.get("x").debug("unseen")
    monkeypatch.setenv("DEPUTIZE_LOG", "debug")
    log.configure(tmp_path, "worker")
    log.get("x").debug("seen \x1b[31m", count=2)
    assert [line["event"] for line in lines(tmp_path / "worker.log")] == ["seen \x1b[31m"]
    out, err = capfd.readouterr()
    assert out == ""
    assert "seen \\x1b[31m count=2" in err
    assert "\x1b" not in err


def test_an_unconfigured_process_logs_nothing_and_imports_nothing() -> None:
    """A verb such as `add` pays nothing for the rooms that log."""
    code = (
        "import sys; from deputize import log; log.get('x').error('oh', a=1); log.bind(task=1);"
        "print('structlog' in sys.modules, 'json' in sys.modules)"
    )
    done = run_python(code)
    assert (done.stdout, done.stderr) == ("False False\n", "")


def test_an_unconfigured_process_logs_to_stderr_where_asked() -> None:
    """DEPUTIZE_LOG works in every process."""
    done = run_python("from deputize import log; log.get('x').info('oh', a=1)", DEPUTIZE_LOG="info")
    assert done.stdout == ""
    assert "info x oh a=1" in done.stderr


def test_logging_never_raises(tmp_path: Path) -> None:
    """Neither a value that can't be shown nor a file that can't be written stops work."""

    class Unspeakable:
        def __str__(self) -> str:
            raise RuntimeError

    (tmp_path / "worker.log").mkdir()
    log.configure(tmp_path, "worker")
    log.get("x").error("lost", value=Unspeakable())
    log.get("x").error("lost too")


def test_a_file_that_is_full_makes_room(tmp_path: Path) -> None:
    """Older files move up, the oldest goes, and all of them have the owner's rights only."""
    file = RotatingFile(tmp_path / "a.log", limit_bytes=100, count=3)
    for number in range(20):
        file.write(f"line {number:02} {'x' * 20}\n".encode())
    file.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["a.log", "a.log.1", "a.log.2"]
    kept = "".join((tmp_path / name).read_text() for name in reversed(names))
    numbers = [int(line.split()[1]) for line in kept.splitlines()]
    assert numbers == list(range(numbers[0], 20))
    assert len(numbers) >= 6
    assert all(stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600 for name in names)


def test_processes_that_share_a_file_lose_no_line_when_it_is_rotated(tmp_path: Path) -> None:
    """Each goes on in the new file, whoever has made room."""
    code = (
        "import sys; from pathlib import Path; from deputize.log import RotatingFile\n"
        "file = RotatingFile(Path(sys.argv[1]), limit_bytes=2000, count=50)\n"
        "for number in range(200): file.write(f'{sys.argv[2]} {number}\\n'.encode())"
    )
    environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "a.log"), name], env=environment
        )
        for name in "abc"
    ]
    assert [process.wait(30) for process in running] == [0, 0, 0]
    found = sorted("".join(path.read_text() for path in tmp_path.iterdir()).splitlines())
    assert found == sorted(f"{name} {number}" for name in "abc" for number in range(200))


def test_a_log_that_was_taken_away_is_begun_again(tmp_path: Path) -> None:
    """Whoever deletes or moves the file finds new lines at the old place."""
    file = RotatingFile(tmp_path / "a.log")
    file.write(b"one\n")
    (tmp_path / "a.log").rename(tmp_path / "moved")
    file.write(b"two\n")
    file.close()
    assert (tmp_path / "a.log").read_bytes() == b"two\n"
    assert (tmp_path / "moved").read_bytes() == b"one\n"
