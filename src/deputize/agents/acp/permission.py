"""A permission request of the Agent Client Protocol as an action, and the answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.jsonl import as_list, as_object, as_text
from deputize.agents.vocabulary import action_of
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.model.policy import Action

CANCELLED: dict[str, object] = {"outcome": {"outcome": "cancelled"}}


def call_in(params: Mapping[str, object]) -> dict[str, object]:
    """Return the tool call that is asked for; one that nothing says of has only a title.

    Version 1 of the protocol names it; version 2 names a subject, which may be a command.
    """
    if asked := as_object(params.get("toolCall")):
        return asked
    subject = as_object(params.get("subject"))
    if subject.get("type") == "tool_call":
        return as_object(subject.get("toolCall"))
    if subject.get("type") == "command":
        given = {name: subject.get(name) for name in ("command", "cwd")}
        title = as_text(subject.get("command"))
        identifier = subject.get("toolCallId")
        return {"toolCallId": identifier, "kind": "execute", "title": title, "rawInput": given}
    return {"title": params.get("title")}


def action_in(asked: Mapping[str, object], known: Mapping[str, object], name: str) -> Action:
    """Return what is asked for; `known` is what the agent told of that call before, by `name`."""
    return action_of(
        name,
        {**as_object(known.get("rawInput")), **as_object(asked.get("rawInput"))},
        kind=_kind(asked, known),
        title=as_text(asked.get("title")) or as_text(known.get("title")),
        paths=(*paths_in(known), *paths_in(asked)),
    )


def answer_to(params: Mapping[str, object], decision: Decision) -> dict[str, object]:
    """Choose the option that carries out a decision: once only, and no where there is doubt."""
    allowed = decision.verdict is Verdict.ALLOW
    wanted = ("allow_once",) if allowed else ("reject_once", "reject_always")
    options = [as_object(option) for option in as_list(params.get("options"))]
    for kind in wanted:
        for option in options:
            if option.get("kind") == kind and option.get("optionId"):
                return {"outcome": {"outcome": "selected", "optionId": option["optionId"]}}
    return CANCELLED


def paths_in(call: Mapping[str, object]) -> tuple[str, ...]:
    """Return the paths that a tool call names as places and in its changes."""
    places = [*as_list(call.get("locations")), *as_list(call.get("content"))]
    for content in map(as_object, as_list(call.get("content"))):
        places += as_list(content.get("changes"))
    found = (as_text(as_object(place).get(key)) for place in places for key in ("oldPath", "path"))
    return tuple(dict.fromkeys(path for path in found if path))


def _kind(asked: Mapping[str, object], known: Mapping[str, object]) -> str | None:
    kinds = (as_text(call.get("kind")) for call in (asked, known))
    return next((kind for kind in kinds if kind and kind != "other"), None)
