"""Moments and spans as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

_SPANS = ((86400, "d"), (3600, "h"), (60, "m"))


def ago(moment: datetime) -> str:
    """Say how long ago a moment was."""
    return span((datetime.now(UTC) - moment).total_seconds())


def span(seconds: float) -> str:
    """Say a number of seconds in its largest unit and the next, such as `2h05m`; never negative."""
    whole = max(0, int(seconds))
    for index, (size, unit) in enumerate(_SPANS):
        if whole >= size:
            count, rest = divmod(whole, size)
            lower, name = _SPANS[index + 1] if index + 1 < len(_SPANS) else (1, "s")
            return f"{count}{unit}{rest // lower:02d}{name}" if rest >= lower else f"{count}{unit}"
    return f"{whole}s"


def local(moment: datetime | None) -> str:
    """Say a moment in the time of this place; a dash where there is none."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S") if moment else "–"
