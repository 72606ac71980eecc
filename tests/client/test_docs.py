"""The examples of the page about Python do what is said there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.house import House

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
AGENT = """
default_agent = "shown"
[agents.shown]
kind = "command"
command = ["/bin/sh", "-c", '''
case "$(cat)" in
*Fix*) echo fixed >> README.md; echo "I fixed it.";;
*) echo "It splits the bill.";;
esac
''']
"""


def test_every_example_is_run() -> None:
    """Each block of Python on the page is followed by what it prints."""
    assert len(EXAMPLES) == PAGE.read_text(encoding="utf-8").count("```python\n") > 3


@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_an_example_prints_what_is_shown(house: House, code: str, printed: str) -> None:
    """In a repository, with a worker that the example itself starts."""
    house.home.config.write_text(AGENT)
    house.environment.clear()
    ended = subprocess.run(
        (sys.executable, "-c", code),
        cwd=house.repo.path,
        env=house._environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == (printed, "", 0)
