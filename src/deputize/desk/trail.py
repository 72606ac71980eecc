"""The audit trail for readers: the journal's entries, and the story of each task in Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.desk import history, tasks
from deputize.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from deputize.desk.context import Desk
    from deputize.desk.tasks import TaskView
    from deputize.model.attempt import Attempt
    from deputize.model.change import Change
    from deputize.model.event import Entry

PAGE = 1000
"""Entries that are read at a time."""


def entries_of(
    desk: Desk, *, task: int | None = None, since: datetime | None = None
) -> Iterator[Entry]:
    """Yield entries, oldest first, however many there are; NotFound for an unknown task."""
    if task is not None:
        tasks.view(desk, task)
    after = 0
    while page := history.entries(desk, task=task, since=since, after=after, limit=PAGE):
        after = page[-1].id
        yield from (entry for entry in page if since is None or entry.at >= since)


def markdown(desk: Desk, entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the story of each task in `entries`, then what belongs to no task, as Markdown."""
    stories: dict[int | None, list[Entry]] = {}
    for entry in entries:
        stories.setdefault(entry.task, []).append(entry)
    others = stories.pop(None, [])
    yield "# Audit trail"
    for task, told in stories.items():
        yield from _task_story(tasks.view(desk, task or 0), told)
    if others:
        yield "\n## Besides tasks\n"
        yield from map(_line, others)


def _task_story(view: TaskView, told: Iterable[Entry]) -> Iterator[str]:
    task = view.task
    yield f"\n## #{task.id} {_inline(task.title)}\n"
    ended = (
        f"{_at(task.finished_at)} ({task.state})" if task.finished_at else f"not yet ({task.state})"
    )
    reason = f"{task.reason}: {task.message or ''}" if task.reason else ""
    yield from _facts(
        ("added", f"{_at(task.created_at)} by {task.origin}"),
        ("started", _at(task.started_at)),
        ("ended", ended),
        ("reason", reason),
        ("role", task.role),
        ("repository", task.repo or ""),
        ("target", task.target or ""),
    )
    yield "\nPrompt:\n"
    yield _fenced(task.prompt)
    for attempt in view.attempts:
        yield from _attempt_story(attempt)
    if view.change:
        yield from _change_story(view.change)
    yield "\n### Events\n"
    yield from map(_line, told)


def _attempt_story(attempt: Attempt) -> Iterator[str]:
    yield f"\n### Attempt {attempt.number}\n"
    usage = attempt.usage
    yield from _facts(
        ("started", _at(attempt.started_at)),
        ("ended", _at(attempt.finished_at)),
        ("outcome", str(attempt.outcome or "at work")),
        ("exit code", "" if attempt.exit_code is None else str(attempt.exit_code)),
        ("error", attempt.error or ""),
        ("agent", attempt.agent),
        ("model", attempt.model or ""),
        ("tokens", f"{usage.input_tokens} in, {usage.output_tokens} out"),
        ("tool calls", ", ".join(f"{tool.name} ×{tool.count}" for tool in attempt.tools)),
    )
    if attempt.summary:
        yield "\n" + _fenced(attempt.summary)


def _change_story(change: Change) -> Iterator[str]:
    yield f"\n### Change c{change.id}: {change.state}\n"
    landed = ("landed as", change.landed_commit or "")
    yield from _facts(landed, ("risk", change.risk), ("reason", change.reason or ""))
    for file in change.files:
        yield f"- {file.op} {_code(file.path)} +{file.added} -{file.removed}"
    for check in change.checks:
        yield f"- check {_code(check.name)}: exit {check.exit_code} after {check.seconds} s"


def _facts(*facts: tuple[str, str]) -> Iterator[str]:
    return (f"- {name}: {_inline(value)}" for name, value in facts if value)


def _line(entry: Entry) -> str:
    body = ", ".join(f"{name}: {value}" for name, value in entry.body.items() if value)
    told = f" – {_inline(body)}" if body else ""
    return f"- {_at(entry.at)} {entry.kind} by {_inline(entry.actor)}{told}"


def _at(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else ""


def _inline(text: str) -> str:
    """Show a text from outside on one line, as text and nothing else."""
    flat = " ".join(redacted(text).split())
    return re.sub(r"([\\`*_\[\]<>#|])", r"\\\1", flat)


def _code(text: str) -> str:
    return _spanned(" ".join(text.split()), "`", " ")


def _fenced(text: str) -> str:
    return _spanned(redacted(text).rstrip("\n"), "```", "\n")


def _spanned(text: str, fence: str, space: str) -> str:
    """Put a text between fences that are longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(len(fence), longest + 1)
    padding = space if space == "\n" or longest else ""
    return f"{fence}{padding}{text}{padding}{fence}"
