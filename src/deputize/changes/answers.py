"""A change request as an agent's answer: how it is asked for, and found among its words."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING

from deputize.changes.reading import request_of
from deputize.changes.schema import change_schema
from deputize.errors import InvalidInput
from deputize.incoming import shown
from deputize.model.change_request import REQUEST_BYTES

if TYPE_CHECKING:
    from deputize.model.change_request import ChangeRequest

ANSWER_CHARACTERS = REQUEST_BYTES
"""How much of an answer is kept that has to hold a request."""
MOST_TRIES = 200
"""How many braces of an answer are looked at that could begin a JSON object."""
SCANNED_CHARACTERS = 4 * ANSWER_CHARACTERS
"""How much is read in all of what begins like an object and is none."""
_BEGINNING = re.compile(r"\{\s*[\"}]")
_FORM = "answer with one JSON object of the form that was asked for, in full"


def instructions() -> str:
    """Return what an agent is told that is to answer with a change request."""
    told = files(__package__).joinpath("instructions.md").read_text(encoding="utf-8")
    return f"{told}\n{json.dumps(change_schema(least=0), separators=(',', ':'))}"


def request_in(answer: str) -> ChangeRequest:
    """Take the one request that an answer holds; InvalidInput says why there is none.

    One without operations says that nothing has to change.
    """
    if len(answer) >= ANSWER_CHARACTERS:
        message = f"the answer has more than the {ANSWER_CHARACTERS} characters that are kept"
        raise InvalidInput(message, hint="make the change smaller; give patches, not whole files")
    found, broken = _objects(answer)
    if broken is not None and not any('"schema"' in each for each in found):
        raise InvalidInput(_why_broken(answer[broken:]), hint=_FORM)
    if not found:
        words = shown(answer.strip()) if answer.strip() else ""
        told = f"the answer holds no JSON object: {words}" if words else "the answer is empty"
        raise InvalidInput(told, hint=_FORM)
    if len(found) > 1:
        raise InvalidInput(f"the answer holds {len(found)} JSON objects, not one", hint=_FORM)
    return request_of(found[0].encode("utf-8", "replace"), least=0)


def _objects(answer: str) -> tuple[list[str], int | None]:
    """Return the JSON objects that stand among the words of an answer, outermost first.

    Beside them, where the first thing begins that looks like one and is none: what is inside of a
    broken object may well be an object.
    """
    found: list[str] = []
    broken: int | None = None
    decoder, at, scanned = json.JSONDecoder(), 0, 0
    for _ in range(MOST_TRIES):
        begin = _BEGINNING.search(answer, at)
        if begin is None or scanned > SCANNED_CHARACTERS:
            break
        try:
            _, at = decoder.raw_decode(answer, begin.start())
        except (ValueError, RecursionError) as error:
            broken = begin.start() if broken is None else broken
            at = begin.start() + 1
            scanned += getattr(error, "pos", at) - begin.start()
        else:
            found.append(answer[begin.start() : at])
    return found, broken


def _why_broken(text: str) -> str:
    """Say where what begins like an object is no JSON."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno} of what begins with its first brace"
        return f"the answer holds no valid JSON object: {error.msg.lower()} at {where}"
    except (ValueError, RecursionError) as error:
        return f"the answer holds no JSON object that can be read: {error}"
    return "the answer holds no JSON object"
