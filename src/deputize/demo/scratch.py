"""The demo's scratch project: a small library for splitting bills, with one real bug in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SPLIT = '''\
"""Splitting a bill. All amounts are whole cents."""


def split_evenly(total, people):
    """Return what each of the people pays."""
    share = total // people
    return [share] * people


def with_tip(total, percent):
    """Return the total with a tip, rounded to a cent."""
    return total + round(total * percent / 100)


def written(cents):
    """Return an amount as people write it: 1234 is 12.34."""
    return f"{cents // 100}.{cents % 100:02d}"
'''

TEST_SPLIT = """\
import unittest

from billsplit.split import split_evenly, with_tip, written


class SplitTest(unittest.TestCase):
    def test_everyone_pays_the_same(self):
        self.assertEqual(split_evenly(900, 3), [300, 300, 300])

    def test_no_cent_is_lost(self):
        self.assertEqual(sum(split_evenly(1000, 3)), 1000)

    def test_the_tip_is_added(self):
        self.assertEqual(with_tip(2000, 10), 2200)

    def test_an_amount_is_written_with_two_places(self):
        self.assertEqual(written(1205), "12.05")


if __name__ == "__main__":
    unittest.main()
"""

README = """\
# billsplit

Splits a bill between people, to the cent.

## Use

```python
from billsplit.split import split_evenly

split_evenly(900, 3)  # [300, 300, 300]
```
"""

SETTINGS = """\
# What has to pass before a change lands on the branch.
[checks.tests]
command = "python3 -m unittest"
timeout_seconds = 60
required = true
"""

FILES: Mapping[str, str] = {
    ".gitignore": "__pycache__/\n",
    "README.md": README,
    "billsplit/__init__.py": '"""Splits a bill between people."""\n',
    "billsplit/split.py": SPLIT,
    "deputize.toml": SETTINGS,
    "tests/__init__.py": "",
    "tests/test_split.py": TEST_SPLIT,
}
"""The files of the project; one of its tests fails."""


def write_scratch(path: Path) -> None:
    """Write the project into a folder, which is made if needed; raises `OSError`.

    Files only: making a repository of them is the caller's.
    """
    for name, text in FILES.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
