"""How what comes from outside is shown: nothing of it is obeyed by a terminal or taken amiss."""

from __future__ import annotations

import re

_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


def printable(text: str) -> str:
    """Return `text` with every control character shown instead of sent to the terminal.

    Line ends and tabs stay. Bidirectional overrides are shown too, because they reorder what a
    person reads (Trojan Source, CVE-2021-42574), and so is what no encoding can carry.
    """
    if text.isprintable():
        return text
    return re.sub(_CONTROL, lambda match: f"\\x{ord(match[0]):02x}", text.replace("\r\n", "\n"))


def shortened(text: str, most: int) -> str:
    """Return a text that is cut where it is longer, and says by how much."""
    over = len(text) - most
    return text if over <= 0 else f"{text[:most]}… ({over} characters more)"


_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def shown_name(name: str) -> str:
    """Return a file's name for people: in quotes, C-style, where it could be taken for another.

    That is a name with control, invisible or undecodable characters, or with spaces that a table
    or an eye would lose. Two different names never look the same.
    """
    plain = name.isprintable() and name == name.strip() and "  " not in name
    return name if plain and name and not name.startswith('"') else _quoted(name)


def json_name(name: str) -> str:
    """Return a file's name for programs: as it is, or as `shown_name` where it isn't UTF-8."""
    odd = name.startswith('"') or any("\ud800" <= character <= "\udfff" for character in name)
    return _quoted(name) if odd else name


def spelled_out(value: object) -> object:
    """Return a JSON value in which each byte that could not be decoded is spelled out."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", lambda match: _spelled(match[0]), value)
    if isinstance(value, dict):
        return {str(spelled_out(str(key))): spelled_out(item) for key, item in value.items()}
    return [spelled_out(item) for item in value] if isinstance(value, (list, tuple)) else value


def _quoted(name: str) -> str:
    escaped = []
    for place, character in enumerate(name):
        follows_space = character == " " and name[place - 1 : place] == " "
        if character in _SHORT:
            escaped.append(_SHORT[character])
        elif character.isprintable() and not follows_space:
            escaped.append(character)
        else:
            escaped.append(_spelled(character))
    return f'"{"".join(escaped)}"'


def _spelled(character: str) -> str:
    try:
        raw = character.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\x{byte:02x}" for byte in raw)
