"""What an agent tells while it works, in our words: pure, one update after the other."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

from deputize.agents.acp.calls import Call, Calls, add_piece, end, text_of
from deputize.agents.acp.names import name_in
from deputize.agents.acp.permission import paths_in
from deputize.agents.acp.terminals import Terminals
from deputize.agents.acp.words import Words
from deputize.agents.base import AgentEvent, Noted, Said, ToolFinished, ToolStarted, Used
from deputize.agents.jsonl import as_list, as_object, as_text
from deputize.agents.output import ANSWER_CHARACTERS
from deputize.agents.vocabulary import action_of, one_line
from deputize.model.attempt import Usage, count_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_USD_TOLD = 1e9
"""What is said to have cost more than this, or no number at all, is not taken for a cost."""
ENDED = frozenset({"completed", "failed", "cancelled"})

ERROR_TEXT = re.compile(
    r"\s*(?:(?:API )?Error: (?=\S)|Ran into this error: )(?P<error>.+)", re.DOTALL
)
"""How Copilot and goose tell that the model failed when they end their turn as if all were well."""


class Narrator:
    """Keeps what later updates refer to, and what the answer is made of."""

    def __init__(
        self, paid_before: Decimal = Decimal(0), answer_characters: int = ANSWER_CHARACTERS
    ) -> None:
        """Start before the first update of a session that has cost `paid_before` dollars."""
        self.calls = Calls()
        self._answer = Words(answer_characters)
        self._terminals = Terminals()
        self._last_chunk = ""
        self._told = paid_before
        self._cost: Decimal | None = None

    @property
    def paid(self) -> Decimal:
        """Return the dollars that the session has cost, where the agent tells."""
        return self._told if self._cost is None else self._cost

    @property
    def answer(self) -> str:
        """Return what the agent said since its last tool call."""
        return self._answer.text().strip()

    @property
    def error(self) -> str | None:
        """Return the model's failure, where the last thing that was said is one."""
        found = ERROR_TEXT.match(self._last_chunk)
        return found["error"].strip() if found else None

    def hear(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        """Yield what an update tells; kinds that nobody knows here tell nothing."""
        kind = as_text(update.get("sessionUpdate"))
        if kind == "agent_message_chunk":
            yield from self._message(update)
        elif kind == "agent_message" and "content" in update:
            yield from self._whole_message(update)
        elif kind in {"agent_thought_chunk", "agent_thought"}:
            if text := _text_in(update):
                yield Said(text=text)
        elif kind in {"tool_call", "tool_call_update"}:
            yield from self._tool(update)
        elif kind == "notice" and (title := as_text(update.get("title"))):
            yield Noted(text=one_line(title))
        elif kind == "usage_update":
            yield from self._paid(update)
        else:
            yield from self._output_of_tools(kind, update)

    def _paid(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        self._cost = _cost_in(update) or self._cost
        if self._cost is not None and self._cost > self._told:
            yield Used(usage=Usage(cost_usd=self._untold()), model=None)

    def used(self, response: Mapping[str, object], model: str | None) -> Used | None:
        """Return what the answer to the prompt says it took, where it says so.

        A program is prompted once, so tokens that count up within a session start at nothing here;
        its cost is that of the whole session, of which what was told before is no part.
        """
        usage = as_object(response.get("usage"))
        if not usage:
            quota = as_object(as_object(response.get("_meta")).get("quota"))
            usage = as_object(quota.get("token_count"))
        if not usage:
            return None
        count = Usage(
            input_tokens=_count(usage, "inputTokens", "input_tokens") + _left_out(usage),
            output_tokens=_count(usage, "outputTokens", "output_tokens"),
            cached_tokens=_count(usage, "cachedReadTokens", "cached_tokens"),
            reasoning_tokens=_count(usage, "thoughtTokens", "thought_tokens"),
            cost_usd=self._untold(),
        )
        return Used(usage=count, model=model)

    def _untold(self) -> str | None:
        """Return what the session has cost since it was told last; None where no cost is told."""
        if self._cost is None:
            return None
        more, self._told = max(self._cost - self._told, Decimal(0)), max(self._cost, self._told)
        return format(more.normalize(), "f")

    def _message(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        text = _text_in(update)
        if not text:
            return
        self._last_chunk = text
        if text.startswith("Info: "):
            # Copilot's remarks come as chunks of the answer, each whole.
            yield Noted(text=one_line(text))
            return
        self._answer.add(name_in(update, "messageId"), text)
        yield Said(text=text)

    def _whole_message(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        self._last_chunk = text = _text_in(update)
        if new := self._answer.replace(name_in(update, "messageId"), text):
            yield Said(text=new)

    def _output_of_tools(self, kind: str, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        """Keep what tools print; it is told as empty words, for whoever prints is not idle."""
        if kind == "tool_call_content_chunk":
            if (call := self.calls.get(name_in(update, "toolCallId"))) is not None:
                add_piece(call, update.get("content"))
        elif kind in {"terminal_update", "terminal_output_chunk"}:
            self._terminals.hear(update)
        else:
            return
        yield Said(text="")

    def _tool(self, update: Mapping[str, object]) -> Iterator[AgentEvent]:
        identifier = name_in(update, "toolCallId")
        call = self.calls.get(identifier)
        if call is None:
            call = self.calls.begin(identifier, _name(update))
            self._answer.clear()
            yield ToolStarted(id=identifier, name=call.name, summary=_summary(call.name, update))
        self.calls.add(call, update)
        if as_text(update.get("status")) in ENDED and not call.ended:
            self._answer.clear()
            yield self._finished(identifier, call, update)
            end(call)

    def _finished(self, identifier: str, call: Call, update: Mapping[str, object]) -> ToolFinished:
        return ToolFinished(
            id=identifier,
            name=call.name,
            ok=update.get("status") == "completed",
            denied=self.calls.was_refused(identifier),
            output=_output(update) or self._kept_output(call),
        )

    def _kept_output(self, call: Call) -> str:
        return _output(call.told) or self._terminals.shown_in(call.told)


def _text_in(update: Mapping[str, object]) -> str:
    """Return the text of a message's content, which is one block or a list of them."""
    content = update.get("content")
    blocks = content if isinstance(content, list) else [content]
    return "".join(as_text(as_object(block).get("text")) for block in blocks)


def _name(update: Mapping[str, object]) -> str:
    """Return the tool's name where it is given, else its kind, else the first word of its title."""
    meta = as_object(update.get("_meta"))
    goose = as_object(as_object(meta.get("goose")).get("toolCall"))
    claude = as_object(meta.get("claudeCode"))
    named = as_text(goose.get("toolName")) or as_text(claude.get("toolName"))
    kind = as_text(update.get("kind"))
    if named or kind not in {"", "other"}:
        return one_line(named or kind, 60)
    return one_line(as_text(update.get("title")).partition(" ")[0] or "other", 60)


def _summary(name: str, update: Mapping[str, object]) -> str:
    return action_of(
        name,
        as_object(update.get("rawInput")),
        kind=as_text(update.get("kind")),
        title=as_text(update.get("title")),
        paths=paths_in(update),
    ).summary


def _output(update: Mapping[str, object]) -> str:
    parts = (as_object(part) for part in as_list(update.get("content")))
    texts = [as_text(as_object(part.get("content")).get("text")) for part in parts]
    text = "\n".join(text for text in texts if text)
    raw = update.get("rawOutput")
    if not text and raw is not None:
        text = text_of(raw)
    return text


def _cost_in(update: Mapping[str, object]) -> Decimal | None:
    cost = as_object(update.get("cost"))
    amount = cost.get("amount")
    if as_text(cost.get("currency")).upper() != "USD" or not isinstance(amount, int | float):
        return None
    if not 0 <= amount <= MOST_USD_TOLD:
        return None
    return round(Decimal(str(amount)), 6)


def _count(usage: Mapping[str, object], *names: str) -> int:
    counts = (usage.get(name) for name in names)
    return next((count_in(count) for count in counts if isinstance(count, int | float)), 0)


def _left_out(usage: Mapping[str, object]) -> int:
    """Return the cached tokens where the sum shows that they are no part of those that went in.

    The protocol doesn't say; for Copilot they are a part, for Codex's adapter they are not.
    """
    cached = _count(usage, "cachedReadTokens") + _count(usage, "cachedWriteTokens")
    parts = _count(usage, "inputTokens") + _count(usage, "outputTokens") + cached
    return cached if parts == _count(usage, "totalTokens") else 0
