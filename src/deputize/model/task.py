"""A task: a unit of delegated work."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from deputize.model.states import FINAL_TASK_STATES, TaskState

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.need import Need
    from deputize.model.outcome import Outcome

PRIORITY = 5
TIMEOUT_SECONDS = 3600
IDLE_TIMEOUT_SECONDS = 900
PROMPT_BYTES = 1 << 20
"""The longest prompt that is taken: 1 MiB of UTF-8."""
TITLE_LENGTH = 72
JUDGE_ORIGIN = "race"
"""Where the task of a judge comes from: nobody asked for it but its race."""
LOOKED_AT = 1000
"""How much of a line is looked at for a title, in characters."""


class Place(StrEnum):
    """Where a task's agent works."""

    WORKTREE = "worktree"
    IN_PLACE = "in_place"
    READ_ONLY = "read_only"
    SCRATCH = "scratch"


class Kind(StrEnum):
    """What sort of work it is."""

    FEATURE = "feature"
    BUGFIX = "bugfix"
    REFACTOR = "refactor"
    DOCS = "docs"


class Output(StrEnum):
    """What a task wants of its agent."""

    FILES = "files"
    CHANGE_REQUEST = "change-request"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """What a person or a host agent asks for; `intake` turns it into a task."""

    prompt: str
    title: str | None = None
    role: str = "writer"
    kind: str | None = None
    priority: int = PRIORITY
    repo: str | None = None
    """Where to look for the repository; None in a scratch task."""
    place: Place = Place.WORKTREE
    base: str | None = None
    target: str | None = None
    scope: tuple[str, ...] = ()
    agent: str | None = None
    model: str | None = None
    provider: str | None = None
    needs: tuple[Need, ...] = ()
    checks: tuple[str, ...] = ()
    timeout_seconds: int = TIMEOUT_SECONDS
    idle_timeout_seconds: int = IDLE_TIMEOUT_SECONDS
    attempts: int | None = None
    not_before: datetime | None = None
    key: str | None = None
    session: str | None = None
    held: bool = False
    labels: tuple[str, ...] = ()
    lock: str | None = None
    budget_tokens: int | None = None
    budget_usd: float | None = None
    output: Output | None = None
    """What is wanted of the agent; None is what it is set up to give."""
    commands: tuple[str, ...] = ()
    """The only commands that its agent may run; empty leaves it to the policy."""
    origin: str = "cli"


class Task(NamedTuple):
    """A task as it stands in the store; a tuple, for each step makes another of its many fields."""

    id: int
    title: str
    prompt: str
    role: str
    kind: str | None
    state: TaskState
    held: bool
    priority: int
    place: Place
    repo: str | None
    """The checkout (or bare repository) that it was added from."""
    git_dir: str | None
    """The repository's common git directory: the same for all its checkouts."""
    base: str | None
    """The commit that the work starts from; pinned at `add`, or when the last need is met."""
    target: str | None
    scope: tuple[str, ...]
    agent: str
    model: str | None
    provider: str | None
    checks: tuple[str, ...]
    timeout_seconds: int
    idle_timeout_seconds: int
    attempts: int | None
    """Tries that the user granted; None leaves it to the table of outcomes."""
    not_before: datetime | None
    key: str | None
    key_digest: str | None
    session: str | None
    """The agent's session that the next attempt resumes."""
    round_start: int
    """Number of the first attempt since a person last set it going; earlier tries don't count."""
    rework_count: int
    feedback: str | None
    """What the next attempt is told besides: a conflict, a check's output, a person's word."""
    attempt: int | None
    """The open attempt; there is one exactly while the task is running."""
    cancel_requested: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: str | None
    reason: Outcome | None
    message: str | None
    labels: tuple[str, ...]
    lock: str | None
    """Of the tasks with the same lock one works at a time; in place, the checkout is one."""
    plan: int | None
    origin: str
    budget_tokens: int | None
    """The most that it may spend with all its attempts; None leaves it to the settings."""
    budget_usd: float | None
    root: int | None
    """The task whose agent delegated it, or whose agent's agent did: it pays."""
    host: str | None
    """The machine that its repository is on; None where it has none, or nobody noted it."""
    output: Output | None
    """What is wanted of the agent; None is what it is set up to give."""
    commands: tuple[str, ...]
    """The only commands that its agent may run; empty leaves it to the policy."""

    @property
    def share(self) -> str:
        """Whose turn it counts as: its plan's, or that of where single tasks come from."""
        return f"plan:{self.plan}" if self.plan else self.origin

    @property
    def is_judge(self) -> bool:
        """Tell whether it does not run in the race that its plan is, but judges it."""
        return self.origin == JUDGE_ORIGIN

    @property
    def is_final(self) -> bool:
        """Tell whether nothing will move it but a person."""
        return self.state in FINAL_TASK_STATES


class Submitted(NamedTuple):
    """A task that is safely stored."""

    task: Task
    created: bool
    """False where the key named a task that was there already."""
    untrusted: bool
    """The repository wants to run commands that nobody has trusted yet."""


def _shown(line: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in line).strip()


def title_of(prompt: str) -> str:
    """Make a title of a prompt's first line that has something in it."""
    lines = (_shown(line.strip()[:LOOKED_AT]) for line in prompt.splitlines())
    line = next((line for line in lines if line), "untitled")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"
