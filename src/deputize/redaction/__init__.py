"""Takes secrets out of text before it is written or shown.

What a secret looks like stands in `rules.txt`; values that are known are given to a `Redactor`.
Text that comes in pieces goes through a `Stream`.
"""

from __future__ import annotations

from deputize.redaction.redactor import MARK, Redactor, redacted, redacted_value
from deputize.redaction.rules import version

__all__ = ["MARK", "Redactor", "bare_url", "redacted", "redacted_value", "version"]


def bare_url(url: str) -> str:
    """Return an address without what may be a secret in it: name, password, query and fragment."""
    from urllib.parse import urlsplit, urlunsplit

    try:
        parts = urlsplit(url)
    except ValueError:
        return MARK
    place = parts.netloc.rpartition("@")[2]
    return redacted(urlunsplit((parts.scheme, place, parts.path, "", "")))
