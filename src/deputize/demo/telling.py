"""What the demo says of each kind of event. Pure; the texts in an event come from others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from deputize.model.event import is_plain_yes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.model.event import Entry

Teller = Callable[["Entry"], str | None]

COMMIT_LENGTH = 7
REASON_LENGTH = 200


def text_of(entry: Entry) -> str | None:
    """Say in one line what happened; None where the demo passes it over."""
    tell = TELLERS.get(entry.kind)
    return tell(entry) if tell else None


def _plain(words: str) -> Teller:
    """Return a teller of fixed words, with the reason where the event has one."""

    def tell(entry: Entry) -> str:
        why = " ".join(str(entry.body.get("message") or entry.body.get("reason") or "").split())
        return words + (f": {why[:REASON_LENGTH]}" if why else "")

    return tell


def _of_change(words: str) -> Teller:
    return lambda entry: f"c{entry.change} {_plain(words)(entry)}"


def _started(entry: Entry) -> str:
    return f"attempt {entry.body.get('number')} begins, by {entry.body.get('agent')}"


def _milestone(entry: Entry) -> str | None:
    step = str(entry.body.get("step", ""))
    # What lands in the meantime is noted by each attempt that is at work, and told below.
    return None if step.startswith("note: ") else step


def _decided(entry: Entry) -> str | None:
    body = entry.body
    if is_plain_yes(entry):
        return None
    return f"the gate said {body.get('verdict')} to {body.get('what')}: {body.get('reason')}"


def _finished(entry: Entry) -> str:
    body = entry.body
    error = f": {body['error']}" if body.get("error") else ""
    tokens = f", {body.get('input_tokens', 0)} tokens in and {body.get('output_tokens', 0)} out"
    return f"the agent ended, {body.get('outcome')}{error}{tokens}"


def _proposed(entry: Entry) -> str | None:
    body = entry.body
    if "files" in body:
        size = f"+{body.get('added')} -{body.get('removed')}"
        return f"c{entry.change} proposed: {_count(body['files'], 'file')}, {size}"
    return None if body.get("risk") == "low" else f"c{entry.change} is of {body.get('risk')} risk"


def _count(number: object, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _checking(entry: Entry) -> str | None:
    if entry.body.get("reused"):
        return None
    return f"c{entry.change} is merged onto the branch's tip, and that very tree is checked"


def _checked(entry: Entry) -> str:
    body = entry.body
    word = "passed" if body.get("exit_code") == 0 else f"failed ({body.get('exit_code')})"
    return f"c{entry.change} check {body.get('check')} {word}: {body.get('command')}"


def _landed(entry: Entry) -> str:
    commit = str(entry.body.get("commit"))[:COMMIT_LENGTH]
    return f"c{entry.change} landed on {entry.body.get('target')} as {commit}"


def _asked(entry: Entry) -> str:
    return f"a{entry.approval} asks you: `deputize approve a{entry.approval}` in the demo's home"


TELLERS: Mapping[str, Teller] = {
    "worker.started": _plain("a worker is up, a process of its own"),
    "worker.lost": _plain("a worker was lost"),
    "task.queued": _plain("is queued again"),
    "task.released": _plain("what it needs is done: it may start"),
    "task.reworked": _plain("goes back to an agent"),
    "task.done": _plain("done"),
    "task.failed": _plain("failed"),
    "task.cancelled": _plain("cancelled"),
    "attempt.started": _started,
    "attempt.milestone": _milestone,
    "attempt.tool_decided": _decided,
    "attempt.finished": _finished,
    "attempt.rescued": _plain("its worker was lost"),
    "change.proposed": _proposed,
    "change.deferred": _of_change("waits for a person"),
    "change.check_started": _checking,
    "change.checked": _checked,
    "change.landed": _landed,
    "change.superseded": _of_change("makes room for another"),
    "change.quarantined": _of_change("is set aside"),
    "change.rejected": _of_change("was rejected"),
    "approval.asked": _asked,
    "notification.failed": _plain("a notification was given up"),
}
"""How each kind is told; a kind that isn't here says nothing new."""
