"""What Codex's lines tell, in our words: pure, one line after the other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from deputize.agents.base import (
    AgentEvent,
    Noted,
    Said,
    SessionStarted,
    ToolFinished,
    ToolStarted,
)
from deputize.agents.codex.told import THREAD
from deputize.agents.jsonl import as_list, as_object, as_text
from deputize.agents.output import ANSWER_CHARACTERS, LINE_CHARACTERS
from deputize.agents.vocabulary import action_of, one_line
from deputize.model.attempt import Usage, count_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOOLS: Mapping[str, str] = {
    "command_execution": "exec_command",
    "file_change": "apply_patch",
    "web_search": "web_search",
    "mcp_tool_call": "mcp",
    "collab_tool_call": "collab",
}
"""Kinds of items that are tool calls, with the names that the tools have for the model."""
DECLINED = "declined"
FAILED = frozenset({"failed", DECLINED})
TRYING_AGAIN = "Reconnecting..."
NOT_RESUMED = re.compile(r"\bthread/resume\b|no rollout found")
REFUSED = re.compile(r"codex_core::tools::router: error=(?P<why>.*\brejected\b.*)")
"""How its log tells of a call that the sandbox's rules forbid; its lines say nothing of it."""
STAMP = re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z +")


class Narrator:
    """Keeps what the end of a run is judged by."""

    def __init__(self, answer_characters: int = ANSWER_CHARACTERS) -> None:
        """Start before the first line."""
        self._answer_characters = answer_characters
        self.thread: str | None = None
        self.answer = ""
        self.total: Usage | None = None
        """What the thread has taken, from its first turn on."""
        self.error: str | None = None
        self.is_done = False
        """The turn is complete."""
        self.can_not_resume = False
        self._open: set[str] = set()
        self._refused_count = 0

    def hear(self, line: bytes) -> Iterator[AgentEvent]:
        """Yield what a line of its output tells; kinds that nobody knows here tell nothing."""
        told = _told(line)
        if told is None:
            if text := line.decode("utf-8", "replace").strip():
                yield Noted(text=text[:LINE_CHARACTERS])
            return
        kind = as_text(told.get("type"))
        if kind.startswith("item."):
            yield from self._item(as_object(told.get("item")), is_over=kind == "item.completed")
        elif kind == "thread.started":
            yield from self._thread(as_text(told.get("thread_id")))
        elif kind == "turn.completed":
            self.is_done, self.error = True, None
            self.total = _usage(told.get("usage"))
        elif kind in {"error", "turn.failed"}:
            yield from self._trouble(as_object(told.get("error")) or told)
        else:
            yield Said(text="")

    def hear_error(self, line: str) -> Iterator[AgentEvent]:
        """Yield what a line of its log tells."""
        if NOT_RESUMED.search(line):
            self.can_not_resume = True
        if refused := REFUSED.search(line):
            self._refused_count += 1
            identifier, why = f"refused-{self._refused_count}", one_line(refused["why"])
            yield ToolStarted(id=identifier, name="apply_patch", summary=why)
            yield ToolFinished(id=identifier, name="apply_patch", ok=False, denied=True, output=why)
        elif text := STAMP.sub("", line).strip():
            yield Noted(text=text[:LINE_CHARACTERS])

    def _thread(self, identifier: str) -> Iterator[AgentEvent]:
        if THREAD.fullmatch(identifier):
            self.thread = identifier
            yield SessionStarted(token=identifier)
        else:
            yield Noted(text="the program named its thread in a way that is no name")

    def _trouble(self, told: Mapping[str, object]) -> Iterator[AgentEvent]:
        message = _plain(as_text(told.get("message"))) or "the turn failed, and no reason was given"
        if message.startswith(TRYING_AGAIN):
            yield Noted(text=one_line(message))
        elif not self.is_done and message != self.error:
            self.error = message
            yield Noted(text=one_line(message))

    def _item(self, item: Mapping[str, object], *, is_over: bool) -> Iterator[AgentEvent]:
        kind, text = as_text(item.get("type")), as_text(item.get("text"))
        if kind in TOOLS:
            yield from self._tool(TOOLS[kind], item, is_over=is_over)
        elif kind == "error":
            yield Noted(text=one_line(as_text(item.get("message")) or "an error without words"))
        elif kind in {"agent_message", "reasoning"} and is_over and text:
            if kind == "agent_message":
                self.answer = text.strip()[-self._answer_characters :]
            yield Said(text=f"{text[:ANSWER_CHARACTERS]}\n")
        else:
            yield Said(text="")

    def _tool(
        self, name: str, item: Mapping[str, object], *, is_over: bool
    ) -> Iterator[AgentEvent]:
        identifier = as_text(item.get("id"))[:100]
        if name == "mcp":
            name = one_line(f"mcp__{as_text(item.get('server'))}__{as_text(item.get('tool'))}", 60)
        if identifier not in self._open:
            self._open.add(identifier)
            yield ToolStarted(id=identifier, name=name, summary=_summary(name, item))
        if is_over:
            self._open.discard(identifier)
            status = as_text(item.get("status"))
            yield ToolFinished(
                id=identifier,
                name=name,
                ok=status not in FAILED,
                denied=status == DECLINED,
                output=_output(item),
            )
        else:
            yield Said(text="")


def _told(line: bytes) -> dict[str, object] | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _summary(name: str, item: Mapping[str, object]) -> str:
    changes = (as_object(change) for change in as_list(item.get("changes")))
    paths = tuple(as_text(change.get("path")) for change in changes)
    given = {key: item[key] for key in ("command", "query", "arguments") if key in item}
    return action_of(name, given, paths=tuple(filter(None, paths))).summary


def _output(item: Mapping[str, object]) -> str:
    error = as_object(item.get("error"))
    return as_text(item.get("aggregated_output")) or as_text(error.get("message"))


def _usage(told: object) -> Usage | None:
    usage = as_object(told)
    if not usage:
        return None
    return Usage(
        input_tokens=count_in(usage.get("input_tokens")),
        output_tokens=count_in(usage.get("output_tokens")),
        cached_tokens=count_in(usage.get("cached_input_tokens")),
        reasoning_tokens=count_in(usage.get("reasoning_output_tokens")),
    )


def _plain(message: str) -> str:
    """Return the words of an error, which is often handed on in the JSON that it came in."""
    try:
        told = json.loads(message)
    except (ValueError, RecursionError):
        return message.strip()
    inner = as_object(as_object(told).get("error"))
    return as_text(inner.get("message")).strip() or message.strip()
