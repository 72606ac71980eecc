"""What a channel is told about an event: one line for people, one document for programs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.model.event import EVENT_KINDS
from deputize.redaction import redacted, redacted_value
from deputize.showing import printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.model.event import Entry
    from deputize.model.task import Task

TITLE_LENGTH = 120
REASON_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One event, put in words. Nothing in it is secret or can't be shown on a terminal."""

    id: str
    """The same each time that the event is delivered, and no other event's: to know it again."""
    kind: str
    task: int | None
    approval: int | None
    text: str
    document: Mapping[str, object]
    """A JSON value in the shape of CloudEvents 1.0, with the `text` as an extension of it."""


def message_of(entry: Entry, task: Task | None, store: str) -> Message:
    """Put an entry of the journal of `store`, which is about `task`, in words."""
    name = f"{store}-{entry.id}"
    text = text_of(entry, task)
    return Message(
        id=name,
        kind=entry.kind,
        task=entry.task,
        approval=entry.approval,
        text=text,
        document={
            "specversion": "1.0",
            "id": name,
            "source": f"urn:deputize:{store}",
            "type": entry.kind,
            "time": entry.at.isoformat(),
            "datacontenttype": "application/json",
            "text": text,
            "data": _data(entry, task),
        },
    )


def text_of(entry: Entry, task: Task | None) -> str:
    """Say in one line what happened."""
    name = f"#{entry.task} ({_line(task.title, TITLE_LENGTH)})" if task else f"#{entry.task}"
    why = _why(entry)
    because = f": {why}" if why else ""
    match entry.kind:
        case "plan.done" | "plan.failed" if "plan" in entry.body:
            about = _line(entry.body.get("title"), TITLE_LENGTH)
            text = f"Plan p{entry.body.get('plan')} ({about}) {entry.kind.removeprefix('plan.')}"
        case kind if entry.task is None and kind != "approval.asked":
            text = f"{EVENT_KINDS.get(kind, kind)} ({kind})"
        case "task.done":
            text = f"Task {name} done"
        case "task.failed" | "task.cancelled":
            word = entry.kind.removeprefix("task.")
            text = f"Task {name} {word}" + (because if why != word else "")
        case "task.stalled":
            text = f"Task {name} can't go on{because}"
        case "approval.asked":
            text = _question(entry, why)
        case "change.quarantined":
            text = f"Change c{entry.change} of {name} quarantined{because}"
        case "change.blocked":
            text = f"Change c{entry.change} of {name} can't land yet{because}"
        case _:
            text = f"{name}: {EVENT_KINDS.get(entry.kind, entry.kind)} ({entry.kind})"
    return text


def _question(entry: Entry, why: str) -> str:
    whom = f"#{entry.task} needs you" if entry.task else "you are needed"
    about = _line(entry.body.get("subject"), TITLE_LENGTH) if entry.task is None else ""
    return ": ".join(part for part in (whom, f"a{entry.approval} {about}".strip(), why) if part)


def _why(entry: Entry) -> str:
    return _line(entry.body.get("reason"), REASON_LENGTH)


def _data(entry: Entry, task: Task | None) -> dict[str, object]:
    return {
        "event": entry.id,
        "actor": entry.actor,
        "task": None if task is None else _about(task),
        "attempt": entry.attempt,
        "change": entry.change,
        "approval": entry.approval,
        "body": _printable(redacted_value(dict(entry.body))),
    }


def _about(task: Task) -> dict[str, object]:
    """Say of the task what a receiver needs; its state is that of the moment of delivery."""
    return {
        "id": task.id,
        "title": _line(task.title, TITLE_LENGTH),
        "state": task.state,
        "role": task.role,
        "repo": task.repo,
        "target": task.target,
    }


def _line(text: object, length: int) -> str:
    """Make one line of any text; what is too long ends in an ellipsis."""
    if text is None:
        return ""
    line = printable(" ".join(redacted(str(text)).split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(name)): _printable(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_printable(item) for item in value]
    return value
