"""What a hook says: one JSON document, read strictly, and never trusted to be short. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.incoming import TEXT, document_of, object_of, text_of, wrong
from deputize.model.policy import Decision, Verdict
from deputize.showing import shortened

if TYPE_CHECKING:
    from deputize.errors import InvalidInput

MOST_BYTES = 256 * 1024
CONTEXT_CHARACTERS = 20_000
REASON_CHARACTERS = 500
NAME = "its answer"
_STORABLE = re.compile(TEXT)


def ruling_in(content: bytes, rule: str) -> Decision | None:
    """Read what a hook decides of a tool call; None where it says nothing.

    InvalidInput where it says something else.
    """
    said = _object(content, ("decision", "reason"))
    if not said:
        return None
    verdicts = [verdict.value for verdict in Verdict]
    if said.get("decision") not in verdicts:
        raise wrong("decision", f"one of {', '.join(verdicts)}", said.get("decision"))
    reason = _text(said.get("reason") or "", "reason")[:REASON_CHARACTERS]
    verdict = Verdict(text_of(said["decision"], "decision"))
    return Decision(verdict=verdict, rule=rule, reason=reason or "it gave no reason")


def context_in(content: bytes) -> str:
    """Read what a hook adds to a prompt, which may be nothing; InvalidInput as above."""
    said = _object(content, ("context",))
    text = _text(said.get("context") or "", "context").strip()
    return shortened(text, CONTEXT_CHARACTERS)


def problem_of(error: InvalidInput) -> str:
    """Say of an answer that it can't be read."""
    return f"its answer can't be used: {error.message}"


def _object(content: bytes, known: tuple[str, ...]) -> dict[str, object]:
    if not content.strip():
        return {}
    return object_of(document_of(content, NAME, MOST_BYTES), "", known, called=NAME)


def _text(value: object, where: str) -> str:
    text = text_of(value, where)
    if not _STORABLE.match(text):
        raise wrong(where, "a text without the NUL character and lone surrogates", text)
    return text
