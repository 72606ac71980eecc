"""What texts in JSON look like, as regular expressions that Python and ECMA-262 read alike."""

from __future__ import annotations

from deputize.incoming import END
from deputize.intake.fields import LONGEST_DELAY_SECONDS, LONGEST_TIMEOUT_SECONDS

NOT_BLANK = r"\S"
NAME = rf"^[A-Za-z][A-Za-z0-9._-]{{0,63}}{END}"
WHO = r"^[^\u0000-\u0020,:\ud800-\udfff]+(?::[^\u0000-\u0020,\ud800-\udfff]+)?" + END
"""An agent, or an agent with a model."""
JUDGE = rf"^(?:checks|smallest|agent){END}|^agent:{WHO[1:]}"
"""How a race is judged and, where an agent does, by which."""
INSIDE = rf"^(?!/)(?!(?:[\s\S]*/)?\.\.(?:/|{END}))(?!(?:\.?/)*\.?{END})[^\u0000\ud800-\udfff]*$"
"""A relative path with something in it, and nowhere a step up."""


def _up_to(largest: int) -> str:
    """Match the numbers from 1 to `largest`, without zeros in front."""
    digits = str(largest)
    forms = [rf"[1-9][0-9]{{0,{len(digits) - 2}}}"] if len(digits) > 1 else []
    for place, digit in enumerate(digits):
        low, rest = int(place == 0), len(digits) - place - 1
        if int(digit) > low:
            forms.append(rf"{digits[:place]}[{low}-{int(digit) - 1}][0-9]{{{rest}}}")
    return f"(?:{'|'.join([*forms, digits])})"


def _span_up_to(seconds: int) -> str:
    units = ((1, "s?"), (60, "m"), (3600, "h"), (86400, "d"))
    return f"^(?:{'|'.join(_up_to(seconds // size) + unit for size, unit in units)}){END}"


SPAN = _span_up_to(LONGEST_TIMEOUT_SECONDS)
DELAY = _span_up_to(LONGEST_DELAY_SECONDS)

_YEAR = "2[01][0-9]{2}"
_LEAP = "2(?:000|[01](?:0[48]|[2468][048]|[13579][26]))"
_DAY = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    rf"|{_LEAP}-02-29)"
)
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
MOMENT = rf"^{_DAY}T{_CLOCK}:[0-5][0-9](?:\.[0-9]{{1,6}})?(?:Z|[+-]{_CLOCK}){END}"
"""RFC 3339 with its offset, in this century or the next, on a day that there is."""
