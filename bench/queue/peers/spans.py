"""What a program that drives another queue says at its end: one line of JSON."""

from __future__ import annotations

import json
import sys
from typing import NamedTuple


class Spans(NamedTuple):
    """How long putting tasks in took, and claiming and finishing them all, in seconds."""

    enqueue_seconds: float
    work_off_seconds: float


def tell(**facts: float) -> None:
    """Say it."""
    sys.stdout.write(json.dumps(facts) + "\n")
