"""Our own structured logs: JSON lines in `logs/NAME.log`, on the terminal only where asked for.

`get(name)` costs nothing until something is logged. Nothing is logged, and structlog not imported,
before a process has called `configure`, unless DEPUTIZE_LOG is set to a level: then every line goes
to stderr too. Logging never raises: a full disk loses log lines, not work.
"""

from __future__ import annotations

import fcntl
import os
import sys
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from deputize.redaction import Redactor
from deputize.showing import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, MutableMapping
    from pathlib import Path

VARIABLE = "DEPUTIZE_LOG"
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
FILE_BYTES = 10 << 20
FILE_COUNT = 5
"""Files that are kept of each name, the one that is written to among them."""


class Log:
    """What one room logs under its name. Values may be of any type and are redacted."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        """Log as `name`."""
        self.name = name

    def debug(self, happened: str, /, **values: object) -> None:
        """Log what only somebody who looks for a fault wants to know."""
        _write("debug", self.name, happened, values)

    def info(self, happened: str, /, **values: object) -> None:
        """Log something normal."""
        _write("info", self.name, happened, values)

    def warning(self, happened: str, /, **values: object) -> None:
        """Log something that went wrong and was dealt with."""
        _write("warning", self.name, happened, values)

    def error(self, happened: str, /, **values: object) -> None:
        """Log something that went wrong and was not."""
        _write("error", self.name, happened, values)

    def exception(self, happened: str, /, **values: object) -> None:
        """Log an error with the exception that is being handled."""
        _write("error", self.name, happened, {**values, "exc_info": True})


class RotatingFile:
    """A file of lines, readable by its owner only, that several processes may write to.

    At `limit_bytes` it becomes NAME.1, and older ones move up, until `count` files are there.
    """

    def __init__(self, path: Path, limit_bytes: int = FILE_BYTES, count: int = FILE_COUNT) -> None:
        """Write to `path`; it is opened with the first line."""
        self.path = path
        self.limit_bytes = limit_bytes
        self.count = count
        self._turn = threading.Lock()
        self._descriptor: int | None = None

    def write(self, line: bytes) -> None:
        """Append a line; it is lost where the file can't be written."""
        with self._turn, suppress(OSError):
            os.write(self._ready(len(line)), line)

    def close(self) -> None:
        """Close the file; the next line opens it again."""
        with self._turn:
            self._let_go()

    def _ready(self, size: int) -> int:
        descriptor = self._current()
        if os.fstat(descriptor).st_size + size > self.limit_bytes:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._is_at_path(descriptor):
                self._rotate()
            descriptor = self._current()
        return descriptor

    def _current(self) -> int:
        """Return the descriptor of the file that is at the path now, for others rotate it too."""
        if self._descriptor is not None and self._is_at_path(self._descriptor):
            return self._descriptor
        self._let_go()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags, 0o600)
        return self._descriptor

    def _is_at_path(self, descriptor: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(descriptor), self.path.lstat())
        return False

    def _rotate(self) -> None:
        for number in range(self.count - 2, -1, -1):
            older = self._aged(number + 1)
            with suppress(FileNotFoundError):
                self._aged(number).replace(older)

    def _aged(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}") if number else self.path

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class _State:
    """The one set-up of this process."""

    file: RotatingFile | None = None
    logger: Any = None
    redactor: Redactor = Redactor()


_state = _State()


def get(name: str) -> Log:
    """Return the log of a room."""
    return Log(name)


def configure(folder: Path, name: str) -> None:
    """Log to `folder`/`name`.log from now on."""
    if _state.file is not None:
        _state.file.close()
    _state.file = RotatingFile(folder / f"{name}.log")
    _state.logger = _build(_state.file)


def hide(secrets: Iterable[str]) -> None:
    """Keep these values out of every line from now on, however they are written."""
    _state.redactor = Redactor(secrets)


def bind(**ids: object) -> None:
    """Put `ids` (task, attempt, worker, change) on every line of this flow of control."""
    if _is_wanted():
        from structlog.contextvars import bind_contextvars

        bind_contextvars(**ids)


def unbind(*names: str) -> None:
    """Take ids off every line of this flow of control."""
    if _is_wanted():
        from structlog.contextvars import unbind_contextvars

        unbind_contextvars(*names)


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Put `ids` on every line within, and on none after."""
    if not _is_wanted():
        yield
        return
    from structlog.contextvars import bound_contextvars

    with bound_contextvars(**ids):
        yield


def _is_wanted() -> bool:
    if _state.logger is None and VARIABLE in os.environ:
        _state.logger = _build(None)
    return _state.logger is not None


def _write(level: str, name: str, happened: str, values: dict[str, object]) -> None:
    if _is_wanted():
        # Whatever a value's own `str` raises, and whatever structlog does: work goes on.
        with suppress(Exception):
            getattr(_state.logger.bind(**{**values, "log": name}), level)(happened)


def _build(file: RotatingFile | None) -> Any:  # noqa: ANN401 - structlog makes the class by level
    import structlog

    asked = os.environ.get(VARIABLE, "").lower()
    level = LEVELS.get(asked, LEVELS["info"])
    return structlog.wrap_logger(
        None,
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            structlog.processors.format_exc_info,
            _Lines(file, on_terminal=VARIABLE in os.environ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


class _Lines:
    """The last step of every line: redacted, to the file and, where asked for, to stderr."""

    def __init__(self, file: RotatingFile | None, *, on_terminal: bool) -> None:
        self._file = file
        self._on_terminal = on_terminal

    def __call__(self, logger: object, method: str, line: MutableMapping[str, Any]) -> str:
        import json

        import structlog

        del logger, method
        hidden = _state.redactor.redacted_value
        clean = {name: hidden(_plain(value)) for name, value in line.items()}
        if self._file is not None:
            self._file.write(json.dumps(clean).encode() + b"\n")
        if self._on_terminal:
            sys.stderr.write(printable(for_people(clean)) + "\n")
        raise structlog.DropEvent


def _plain(value: object) -> object:
    """Turn any value into one that JSON has."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(item) for item in value]
    return str(value)


def for_people(line: dict[str, object]) -> str:
    """Return a line of a log as people read it."""
    shown = dict(line)
    head = [str(shown.pop(name, "")) for name in ("at", "level", "log", "event")]
    trace = shown.pop("exception", None)
    pairs = [f"{name}={value!r}" for name, value in shown.items()]
    return " ".join(head + pairs) + (f"\n{trace}" if trace else "")
