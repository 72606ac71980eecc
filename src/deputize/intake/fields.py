"""What may be asked for of a task: one table, for every door.

Each field has a rule. `validation.py` holds what is asked for against it, `reading.py` reads JSON
by it, and `schemas.py` makes a JSON Schema of it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from deputize.model.session import LONGEST_TOKEN
from deputize.model.task import PROMPT_BYTES, Kind, Output, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.model.need import Need

LONGEST_TIMEOUT_SECONDS = 30 * 86400
LONGEST_DELAY_SECONDS = 366 * 86400
KEY_LENGTH = 200
MOST_TOKENS = 10**15
LEAST_USD, MOST_USD = 0.000_001, 1e9
"""What is less than a millionth of a dollar can't be counted."""
NAME_LENGTH = 64
_NO_TEXT = "is not text: it holds a NUL byte or is not valid UTF-8"


class Rule(Protocol):
    """What a value may be."""

    def problem(self, value: object) -> str | None:
        """Say what is wrong with a value of the right type; None where nothing is."""
        ...


class Text(NamedTuple):
    """A text that a program can be given."""

    least: int = 0
    most: int | None = None

    def problem(self, value: object) -> str | None:
        """Refuse what can't be stored, and what is too short or too long."""
        text = cast("str", value)
        if not _is_text(text):
            return _NO_TEXT
        if len(text) < self.least or (self.most is not None and len(text) > self.most):
            return f"takes {self.least} to {self.most} characters" if self.most else "is empty"
        return None


class Prompt(NamedTuple):
    """A text with something in it, of up to a mebibyte."""

    def problem(self, value: object) -> str | None:
        """Refuse what no agent could make anything of."""
        text = cast("str", value)
        if not text.strip():
            return "is empty"
        if "\0" in text:
            return f"holds a NUL byte at position {text.index(chr(0))}: text only"
        if not _is_text(text):
            return "is not valid UTF-8"
        size = len(text.encode())
        return f"has {size} bytes, the most is {PROMPT_BYTES}" if size > PROMPT_BYTES else None


class Inside(NamedTuple):
    """A path inside the repository."""

    def problem(self, value: object) -> str | None:
        """Refuse what leads out of it."""
        path = cast("str", value)
        if not _is_text(path):
            return f"{path!r} {_NO_TEXT}"
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts:
            return f"{path!r} must be a path inside the repository"
        return None


class Words(NamedTuple):
    """The first words of a command."""

    def problem(self, value: object) -> str | None:
        """Refuse what no shell takes for words."""
        import shlex

        text = cast("str", value)
        try:
            good = _is_text(text) and bool(shlex.split(text))
        except ValueError:
            good = False
        return None if good else f"{text!r} must be words of a command, as a shell takes them"


class Name(NamedTuple):
    """What one task of a plan is called by the others: never mistaken for an id."""

    def problem(self, value: object) -> str | None:
        """Refuse what isn't a plain word."""
        name = cast("str", value)
        plain = name.replace(".", "").replace("_", "").replace("-", "")
        good = name.isascii() and name[:1].isalpha() and plain.isalnum()
        if good and len(name) <= NAME_LENGTH:
            return None
        return f"must be a letter, then letters, digits, `.`, `_`, `-`, at most {NAME_LENGTH}"


class Who(NamedTuple):
    """An agent, or an agent with a model."""

    def problem(self, value: object) -> str | None:
        """Refuse what could not be typed in a list with commas."""
        word = cast("str", value)
        agent, colon, model = word.partition(":")
        is_plain = _is_text(word) and not any(letter <= " " or letter == "," for letter in word)
        if is_plain and agent and bool(model) == bool(colon):
            return None
        return f"must be an agent, or agent:model, not {word!r}"


class Many(NamedTuple):
    """A list."""

    each: Text | Inside | Words

    def problem(self, value: object) -> str | None:
        """Say what is wrong with the first item that is wrong."""
        return next(filter(None, map(self.each.problem, cast("Iterable[object]", value))), None)


class Word(NamedTuple):
    """One of a few words."""

    words: tuple[str, ...]

    def problem(self, value: object) -> str | None:
        """Refuse any other."""
        if value in self.words:
            return None
        return f"must be one of {', '.join(self.words)}, not {value!r}"


class Number(NamedTuple):
    """A whole number."""

    low: int
    high: int

    def problem(self, value: object) -> str | None:
        """Refuse what is out of bounds."""
        if self.low <= cast("int", value) <= self.high:
            return None
        return f"must be between {self.low} and {self.high}, not {value}"


class Money(NamedTuple):
    """An amount of dollars."""

    low: float
    high: float

    def problem(self, value: object) -> str | None:
        """Refuse nothing, and what nobody has."""
        if self.low <= cast("float", value) <= self.high:
            return None
        return f"must be between {self.low:f} and {self.high:,.0f} dollars, not {value}"


class Span(NamedTuple):
    """A duration: a number of seconds."""

    def problem(self, value: object) -> str | None:
        """Refuse what is out of bounds."""
        if 0 < cast("int", value) <= LONGEST_TIMEOUT_SECONDS:
            return None
        return "must be between 1 second and 30 days"


class Moment(NamedTuple):
    """A moment, or how long from now."""

    def problem(self, value: object) -> str | None:
        """Take everything that could be read."""
        del value
        return None


class Flag(NamedTuple):
    """Yes or no."""

    def problem(self, value: object) -> str | None:
        """Take both."""
        del value
        return None


class Needs(NamedTuple):
    """Other tasks that must get somewhere first."""

    def problem(self, value: object) -> str | None:
        """Refuse two ways of waiting for one task."""
        ways: dict[int, str] = {}
        for need in cast("Iterable[Need]", value):
            if ways.setdefault(need.id, need.on) != need.on:
                return f"have #{need.id} twice, on {ways[need.id]} and on {need.on}"
        return None


class Field(NamedTuple):
    """One thing that may be asked for."""

    name: str
    rule: Rule
    about: str
    attribute: str = ""
    """Its name in a `TaskSpec`, where that is another."""
    has_default: bool = True
    """A plan may say it once for all its tasks."""

    def of(self, spec: object) -> object:
        """Return the value that a specification has."""
        return getattr(spec, self.attribute or self.name)


FIELDS = (
    Field("prompt", Prompt(), "what is to be done", has_default=False),
    Field("title", Text(), "one line for lists; else the prompt's first line", has_default=False),
    Field("role", Text(), "writer, inspector, tester, or one that is configured"),
    Field("kind", Word(tuple(kind.value for kind in Kind)), "what sort of work it is"),
    Field("priority", Number(1, 10), "1 critical … 10 background; 5 where it isn't said"),
    Field("agent", Text(), "who does it; else the role's agent, else the default"),
    Field("model", Text(), "the model that the agent uses"),
    Field("provider", Text(), "where the model is served: a name that is configured"),
    Field(
        "session", Text(1, LONGEST_TOKEN), "go on in this session of the agent", has_default=False
    ),
    Field("key", Text(1, KEY_LENGTH), "the same key again gives the same task", has_default=False),
    Field("needs", Needs(), "tasks that must get somewhere first", has_default=False),
    Field("not_before", Moment(), "not before a moment (RFC 3339), or how long from now"),
    Field("held", Flag(), "don't start until it is released"),
    Field("timeout", Span(), "longest time of one attempt", "timeout_seconds"),
    Field("idle_timeout", Span(), "longest silence", "idle_timeout_seconds"),
    Field("attempts", Number(1, 100), "tries, the agent's failures included"),
    Field("budget_tokens", Number(1, MOST_TOKENS), "tokens that all its attempts may take"),
    Field("budget_usd", Money(LEAST_USD, MOST_USD), "dollars that all its attempts may cost"),
    Field("place", Word(tuple(place.value for place in Place)), "where its agent works"),
    Field(
        "output",
        Word(tuple(output.value for output in Output)),
        "files that its agent edits, or a change request that it answers with",
    ),
    Field("repo", Text(1), "the repository's folder; else the one above the current folder"),
    Field("target", Text(), "the branch to land on; else the one that is checked out"),
    Field("base", Text(), "the commit to start from; else the target's tip", has_default=False),
    Field("scope", Many(Inside()), "change nothing outside of these paths"),
    Field("checks", Many(Text()), "checks to pass, by name"),
    Field("commands", Many(Words()), "run only commands that begin with these words"),
    Field("labels", Many(Text()), "words of your own"),
    Field("lock", Text(1, KEY_LENGTH), "one at a time of all tasks with the same"),
)
REPOSITORY_FIELDS = ("repo", "base", "target", "checks")
"""What a scratch task, which has no repository, can't have."""


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text
