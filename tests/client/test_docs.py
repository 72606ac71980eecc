"""The examples of the page about Python do what is said there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import MODEL_NAME, EditFile, Scene, Script, ScriptedModel, Turn

if TYPE_CHECKING:
    from tests.fixtures.house import House

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
EXAMPLES = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
SETTINGS = """
default_agent = "shown"
[agents.shown]
kind = "command"
command = ["/bin/sh", "-c", '''
case "$(cat)" in
*Fix*) echo fixed >> README.md; echo "I fixed it.";;
*) echo "It splits the bill.";;
esac
''']
[agents.copilot]
path = "{path}"
provider = "scripted"
model = "{model}"
[providers.scripted]
type = "openai"
base_url = "{url}"
"""
EDIT = EditFile(path="README.md", old="hello", new="receive")
TURNS = (Turn(say="I look for it.", steps=(EDIT,)), Turn(say="README.md says receive now."))
SCRIPT = Script(scenes=(Scene(name="fix", turns=TURNS),))


def test_every_example_is_run() -> None:
    """Each block of Python on the page is followed by what it prints."""
    assert len(EXAMPLES) == PAGE.read_text(encoding="utf-8").count("```python\n") > 5


@pytest.mark.parametrize(("code", "printed"), EXAMPLES)
def test_an_example_prints_what_is_shown(
    house: House, copilot_runtime: Path, code: str, printed: str
) -> None:
    """In a repository, with a worker, or a Copilot, that the example itself starts."""
    house.environment.clear()
    with ScriptedModel(SCRIPT) as model:
        house.home.config.write_text(
            SETTINGS.format(path=copilot_runtime, model=MODEL_NAME, url=model.openai_url)
        )
        ended = subprocess.run(
            (sys.executable, "-c", code),
            cwd=house.repo.path,
            env=house._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.stdout, ended.stderr, ended.returncode) == (printed, "", 0)
