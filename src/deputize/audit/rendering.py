"""Records as Markdown and as JSON lines, in which nothing that others wrote can break out.

In Markdown, foreign text is either a code span on one line or a block indented by four spaces: in
neither do fences, HTML, links or headings mean anything, and no foreign line begins at the margin.
Control characters, which a terminal would obey, are shown in both.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from deputize.audit.trail import document_of
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.redaction import redacted
from deputize.showing import printable, shown_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deputize.audit.trail import Record
    from deputize.model.change import Change
    from deputize.model.task import Task

HEADING = "# Audit trail of deputize\n"
"""How the file begins; nobody else's file does."""
MARKER = re.compile(rb"<!-- deputize (\d{1,18}) -->\n")
"""The last line of each section: the place of its event in the journal."""
FILES = 100
REFUSALS = 50
_RUNS = re.compile(r"`+")
_UNSHOWN = re.compile("[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def jsonl_of(record: Record) -> str:
    """Write one record as a line of JSON, with everything escaped that a terminal would obey."""
    line = json.dumps(document_of(record), ensure_ascii=False, separators=(",", ":"))
    return _UNSHOWN.sub(lambda match: f"\\u{ord(match[0]):04x}", line) + "\n"


def as_markdown(records: Iterable[Record]) -> str:
    """Write the records as one document, a section each."""
    return HEADING + "".join(markdown_of(record) for record in records)


def markdown_of(record: Record) -> str:
    """Write one record as a section."""
    task, attempt = record.task, record.attempt
    parts = [
        f"\n## #{task.id} {code(task.title)}: {_heading(record)}\n",
        "".join(f"- {name}: {value}\n" for name, value in _facts(record)),
        block("Prompt", record.prompt),
        block("Summary", attempt.summary),
        block("Error", attempt.error),
        block("Files", _files(record.change)),
        block("Refused tool calls", _refusals(record.refusals)),
        f"<!-- deputize {record.seq or 0} -->\n",
    ]
    return "\n".join(part for part in parts if part)


def _heading(record: Record) -> str:
    """Say how the attempt ended, and how the task did where that is another matter."""
    task, outcome = record.task, record.attempt.outcome
    if outcome is Outcome.SUCCEEDED and task.state in {TaskState.FAILED, TaskState.CANCELLED}:
        return f"{outcome}, but the task {_state(task)}"
    return str(outcome)


def _state(task: Task) -> str:
    verb = "ended" if task.is_final else "is"
    told = task.reason and task.reason is not Outcome.CANCELLED
    because = f" ({task.reason})" if told else ""
    return f"{verb} {task.state}{because}"


def _facts(record: Record) -> Iterator[tuple[str, str]]:
    attempt = record.attempt
    yield "Attempt", str(attempt.number)
    yield "Started", f"{attempt.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if attempt.finished_at:
        seconds = round((attempt.finished_at - attempt.started_at).total_seconds())
        yield "Finished", f"{attempt.finished_at:%Y-%m-%d %H:%M:%S} UTC, after {seconds} s"
    yield "Role", code(record.task.role)
    yield "Agent", code(attempt.agent)
    yield "Model", code(attempt.model) if attempt.model else "the agent's own choice"
    yield "Outcome", f"{attempt.outcome}, {_exit_code(attempt.exit_code)}"
    yield "Task", _state(record.task)
    yield "Tool calls", ", ".join(_tools(record)) or "none seen"
    usage = attempt.usage
    if usage.words:
        yield "Tokens", usage.words
    yield "Diff", _diff(record.change)


def _exit_code(number: int | None) -> str:
    return "no exit code" if number is None else f"exit code {number}"


def _tools(record: Record) -> Iterator[str]:
    for tool in record.attempt.tools:
        notes = [(tool.denied_count, "denied"), (tool.failed_count, "failed")]
        said = ", ".join(f"{count} {word}" for count, word in notes if count)
        yield f"{code(tool.name)} ×{tool.count}" + (f" ({said})" if said else "")


def _diff(change: Change | None) -> str:
    if change is None:
        return "no change proposed"
    landed = f" as {code(change.landed_commit[:12])}" if change.landed_commit else ""
    size = f"{len(change.files)} files, +{change.added} -{change.removed}"
    return f"{size}; c{change.id} {change.state}{landed}"


def _files(change: Change | None) -> str:
    if change is None:
        return ""
    lines = [
        f"{file.op:7} +{file.added} -{file.removed} {_line(shown_name(file.path))}"
        for file in change.files[:FILES]
    ]
    return "\n".join(lines + _more(len(change.files), FILES))


def _refusals(refusals: Iterable[Mapping[str, object]]) -> str:
    found = list(refusals)
    lines = [
        _line(f"{one.get('at')} {one.get('name')}: {one.get('what')} ({one.get('reason')})")
        for one in found[:REFUSALS]
    ]
    return "\n".join(lines + _more(len(found), REFUSALS))


def _more(count: int, shown: int) -> list[str]:
    return [f"and {count - shown} more"] if count > shown else []


def block(name: str, text: str | None) -> str:
    """Write foreign text as an indented block under its name."""
    if not text:
        return ""
    shown = _shown(text).replace("\n", "\n    ")
    return f"{name}:\n\n    {shown}\n"


def code(text: str) -> str:
    """Write foreign text as a code span, whatever backticks are in it."""
    line = _line(text) or " "
    fence = "`" * (max((len(run) for run in _RUNS.findall(line)), default=0) + 1)
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def _line(text: str) -> str:
    return " ".join(_shown(text).split())


def _shown(text: str) -> str:
    return _UNSHOWN.sub(lambda match: f"\\x{ord(match[0]):02x}", printable(redacted(text)))
