"""Takes secrets out of text and of JSON: by what they look like, by their names, and known ones."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from deputize.redaction.rules import NAME, NAME_HINTS, has_hint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from deputize.redaction.lines import Span
    from deputize.redaction.stream import Stream
    from deputize.redaction.sweep import Sweep

MARK = "[redacted]"
KNOWN_RULE = "known-value"
SHORTEST = 6
"""No rule finds anything in a text of fewer characters."""
LONG = 16_384
"""A text of more characters is not looked through for hints first."""


class Redactor:
    """The rules, and values that are known to be secrets. It never shows those."""

    __slots__ = ("_known",)

    def __init__(self, values: Iterable[str] = ()) -> None:
        """Also take out `values`, however they are written."""
        self._known: tuple[bytes, ...] = ()
        if values:
            from deputize.redaction.known import forms_of

            forms = {form for value in values for form in forms_of(value)}
            self._known = tuple(forms)

    def redacted(self, text: str) -> str:
        """Return `text` with every secret in it replaced by a mark."""
        if len(text) < SHORTEST or not self._may_hold(text):
            return text
        content = text.encode("utf-8", "surrogatepass")
        clean = self.sweep().take(content, ends=True)[0]
        return text if clean == content else clean.decode("utf-8", "surrogatepass")

    def redacted_value(self, value: object) -> object:
        """Return a JSON value with every text in it redacted, those in names too."""
        if isinstance(value, str):
            return self.redacted(value)
        if isinstance(value, dict):
            return {
                self.redacted_value(key): self._hidden(item)
                if names_a_secret(str(key))
                else self.redacted_value(item)
                for key, item in value.items()
            }
        if isinstance(value, (list, tuple)):
            return [self.redacted_value(item) for item in value]
        return value

    def stream(self) -> Stream:
        """Return what redacts a text that comes in pieces."""
        from deputize.redaction.stream import Stream

        return Stream(self.sweep())

    def sweep(self) -> Sweep:
        """Return what redacts one text, as bytes, and counts what it finds."""
        from deputize.redaction.sweep import Sweep

        return Sweep(self._spans_in)

    def _may_hold(self, text: str) -> bool:
        if self._known or len(text) > LONG:
            return True
        # Most text has none of these, and looking for plain words costs next to nothing.
        return has_hint(text)

    def _spans_in(self, block: bytes) -> list[Span]:
        from deputize.redaction.lines import spans_in

        return [*spans_in(block), *self._known_in(block)]

    def _known_in(self, block: bytes) -> Iterator[Span]:
        """Yield where known values are; an engine would keep what it has looked for."""
        from deputize.redaction.lines import Span

        for form in self._known:
            start = block.find(form)
            while start >= 0:
                end = start + len(form)
                yield Span(start, end, KNOWN_RULE, start)
                start = block.find(form, end)

    def _hidden(self, item: object) -> object:
        if isinstance(item, (list, tuple)):
            return [self._hidden(part) for part in item]
        return MARK if isinstance(item, str) and item else self.redacted_value(item)


@lru_cache(maxsize=256)
def names_a_secret(key: str) -> bool:
    """Tell whether what has this name in a JSON object is a secret."""
    folded = key.lower()
    return any(hint in folded for hint in NAME_HINTS) and bool(re.search(rf"{NAME}\Z", folded))


_PLAIN = Redactor()
redacted = _PLAIN.redacted
redacted_value = _PLAIN.redacted_value
