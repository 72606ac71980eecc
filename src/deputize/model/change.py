"""A change: the commits that an attempt proposes, with per-file operations and hashes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.states import ChangeState


class Operation(StrEnum):
    """What was done to a path."""

    CREATE = "create"
    MODIFY = "modify"
    DELETE = "delete"
    RENAME = "rename"
    CHMOD = "chmod"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """One path of a change."""

    path: str
    op: Operation
    before: str | None = None
    """`sha256:…` of the content before; None where there was none."""
    after: str | None = None
    added: int = 0
    removed: int = 0
    source: str | None = None
    """The old path of a rename."""
    mode: str | None = None
    """The git mode afterwards, such as `100755`."""
    binary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """How a check ended on a tree."""

    name: str
    command: str
    exit_code: int | None
    """None where it ran out of time."""
    seconds: int
    output: str
    """The end of what it printed, redacted."""

    @property
    def passed(self) -> bool:
        """Tell whether it passed."""
        return self.exit_code == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change as it stands in the store."""

    id: int
    task: int
    attempt: int
    state: ChangeState
    repo: str
    git_dir: str
    target: str
    base: str
    head: str
    tree: str
    files: tuple[FileChange, ...]
    added: int
    removed: int
    risk: str
    risk_reasons: tuple[str, ...]
    reason: str | None
    """Why it is where it is, where a word is needed."""
    approved_tree: str | None
    """The tree that a person approved; another tree asks again."""
    tip: str | None
    """The target's tip that the candidate was made on."""
    candidate: str | None
    """The commit that is checked and would land."""
    checks: tuple[CheckResult, ...]
    landed_commit: str | None
    batch: int | None
    created_at: datetime
    settled_at: datetime | None

    @property
    def size(self) -> str:
        """Say how large it is."""
        files = "1 file" if len(self.files) == 1 else f"{len(self.files)} files"
        return f"{files}, +{self.added} -{self.removed}"
