"""The story of one task, for people: what happened, in order, each step in a line of Markdown.

Foreign text stands in code spans, or in blocks indented by four spaces, as in the records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.audit.rendering import block, code
from deputize.model.event import EVENT_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from deputize.model.event import Entry

    Teller = Callable[[Entry], str]

SAID = ("title", "step", "command", "outcome", "reason", "message", "error")
"""What of an event's body is told where nothing else is said of its kind."""
WHAT_CHARACTERS = 200


def story_of(entries: Iterable[Entry]) -> str:
    """Write what happened to a task as a section of a page."""
    return "\n## What happened\n\n" + "".join(_step(entry) for entry in entries)


def _step(entry: Entry) -> str:
    tell = _TELLERS.get(entry.kind, _plainly)
    line = f"- {entry.at:%Y-%m-%d %H:%M:%S} {code(entry.actor)} {entry.kind}: {tell(entry)}\n"
    return line + "".join(_blocks(entry))


def _blocks(entry: Entry) -> Iterator[str]:
    """Yield the long texts of a step."""
    name = "prompt" if entry.kind == "attempt.prompted" else "output"
    if text := entry.body.get(name):
        yield f"\n{block(name.capitalize(), str(text))}\n"


def _plainly(entry: Entry) -> str:
    """Say what a kind means, and what is said in the body."""
    about = f"c{entry.change} " if entry.change else f"a{entry.approval} " if entry.approval else ""
    said = [_short(entry.body, name) for name in SAID if entry.body.get(name)]
    return about + EVENT_KINDS[entry.kind].partition(";")[0] + "".join(f", {one}" for one in said)


def _prompted(entry: Entry) -> str:
    model = entry.body.get("model")
    return f"{_short(entry.body, 'agent')} was told" + (f", on {code(str(model))}" if model else "")


def _decided(entry: Entry) -> str:
    body = entry.body
    why = f"{_short(body, 'rule')}: {_short(body, 'reason')}"
    return f"{_short(body, 'verdict')} to {_short(body, 'name')} {_short(body, 'what')} ({why})"


def _finished(entry: Entry) -> str:
    body = entry.body
    how = "went well" if body.get("ok") else "failed"
    if body.get("denied"):
        how = "was refused"
    elif body.get("ok") is None:
        how = "was never heard of again"
    took = f" after {body['elapsed_ms']} ms" if body.get("elapsed_ms") is not None else ""
    return f"{_short(body, 'name')} {_short(body, 'what')} {how}{took}"


def _checked(entry: Entry) -> str:
    body = entry.body
    passed = "passed" if body.get("exit_code") == 0 else f"failed with {body.get('exit_code')}"
    return f"c{entry.change} {_short(body, 'check')} {passed}: {_short(body, 'command')}"


def _landed(entry: Entry) -> str:
    body = entry.body
    return f"c{entry.change} is on {_short(body, 'target')} as {_short(body, 'commit')}"


def _answered(entry: Entry) -> str:
    said = entry.body.get("words") or entry.body.get("answer")
    words = f": {code(str(said)[:WHAT_CHARACTERS])}" if said else ""
    return f"a{entry.approval} {EVENT_KINDS[entry.kind]}{words}"


def _short(body: Mapping[str, object], name: str) -> str:
    text = body.get(name)
    return "" if text is None else code(str(text)[:WHAT_CHARACTERS])


_TELLERS: Mapping[str, Teller] = {
    "attempt.prompted": _prompted,
    "attempt.tool_decided": _decided,
    "attempt.tool_finished": _finished,
    "change.checked": _checked,
    "change.landed": _landed,
    "approval.approved": _answered,
    "approval.denied": _answered,
}
