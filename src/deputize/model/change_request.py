"""A change request: what somebody outside wants done to files, before anybody has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deputize.model.change import Operation

REQUEST_SCHEMA = "deputize.change/1"
REQUEST_BYTES = 4 << 20
"""The longest request that is taken: 4 MiB of JSON."""
MOST_OPERATIONS = 1000
FILE_MODES = ("100644", "100755")
"""The modes of git that a file may get: plain, and executable. No link, no submodule, no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedOperation:
    """What is to happen to one path, compared with the base commit."""

    op: Operation
    path: str
    source: str | None = None
    """The old path of a rename."""
    content: str | None = None
    """All that the file holds afterwards."""
    patch: str | None = None
    """Instead of the content: a unified diff of this file alone."""
    before: str | None = None
    """`sha256:…` of what the file has to hold in the base commit."""
    after: str | None = None
    mode: str | None = None
    """One of `FILE_MODES`; without it, the mode that it had, else that of a plain file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who vouches for a request: the name of a key, and what it says. Checked elsewhere."""

    key: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRequest:
    """Operations that belong together: all are carried out on one commit, or none."""

    operations: tuple[RequestedOperation, ...]
    """In any order: each means the base commit, and no path stands in two of them."""
    task: int | None = None
    repo: str | None = None
    base: str | None = None
    """The commit that the operations are compared with, by its full id."""
    target: str | None = None
    author: str | None = None
    title: str | None = None
    signature: Signature | None = None
