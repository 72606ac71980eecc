"""The threat model says what is shown, and where."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_each_defence_is_shown_by_tests_that_are_there() -> None:
    """What the last column of its table names exists."""
    lines = (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    shown = [line.rsplit("|", 2)[1] for line in lines if line.startswith("| ") and "`tests" in line]
    named = [path for column in shown for path in re.findall(r"`([^`]+)`", column)]
    assert len(shown) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []
