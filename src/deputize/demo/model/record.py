"""What the model was asked, kept as values that tests can look at and wait for."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from threading import Condition
from typing import TYPE_CHECKING

from deputize.demo.model.gates import Ending

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRequest:
    """One request, as it was understood and how it ended."""

    number: int
    method: str
    path: str
    dialect: str | None = None
    model: str = ""
    scene: str | None = None
    turn: int | None = None
    """The index of the turn that was played, None where it wasn't a turn."""
    prompt: str = ""
    """What the user wrote last."""
    tools: tuple[str, ...] = ()
    is_streaming: bool = False
    workspace: str | None = None
    system: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    """The authorization header as it came."""
    body: object = field(default=None, repr=False)
    """All that the request says. Neither this nor `key` and `system` are written to a file."""
    status: int = 0
    """The HTTP status of the answer, 0 before there is one."""
    ending: Ending = Ending.OPEN


KEPT_IN_MEMORY = ("system", "key", "body")

Matching = str | Callable[[ModelRequest], bool]
"""A text that the prompt contains, or a test of the request."""


class Record:
    """All requests of a model so far; written to a file, one JSON line as each ends, if wanted."""

    def __init__(self, path: Path | None = None) -> None:
        """Append to `path` as well, where given."""
        self._path = path
        self._changed = Condition()
        self._requests: list[ModelRequest] = []

    def begin(self, method: str, path: str, key: str) -> int:
        """Add a request and return its number, counted from 1."""
        with self._changed:
            number = len(self._requests) + 1
            request = ModelRequest(number=number, method=method, path=path, key=key)
            self._requests.append(request)
            return number

    def note(self, number: int, **known: object) -> None:
        """Set fields of a request to what has become known, and wake whoever waits for it."""
        with self._changed:
            request = replace(self._requests[number - 1], **known)  # type: ignore[arg-type]
            self._requests[number - 1] = request
            self._changed.notify_all()
            if "ending" in known and self._path is not None:
                _append(self._path, request)

    def all(self) -> tuple[ModelRequest, ...]:
        """Return the requests in the order in which they came."""
        with self._changed:
            return tuple(self._requests)

    def wait_for(self, matching: Matching, timeout_seconds: float) -> ModelRequest:
        """Return the first request that matches, waiting for it; raises `TimeoutError`."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            while True:
                for request in self._requests:
                    if _matches(request, matching):
                        return request
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError(f"no such request within {timeout_seconds:g} seconds")


def _matches(request: ModelRequest, matching: Matching) -> bool:
    if isinstance(matching, str):
        return request.dialect is not None and matching in request.prompt
    return matching(request)


def _append(path: Path, request: ModelRequest) -> None:
    names = (item.name for item in fields(request) if item.name not in KEPT_IN_MEMORY)
    line = json.dumps({name: getattr(request, name) for name in names})
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")
