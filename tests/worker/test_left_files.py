"""The files of runs whose worker was killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.config.home import Home
from deputize.worker import upkeep
from deputize.workshop import Bells, Workshop
from tests.fixtures.databases import open_database
from tests.fixtures.nouns import a_worker
from tests.fixtures.yard import Yard

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

RUNS = """
import sys
from pathlib import Path
import anyio
from deputize.agents.base import Job
from deputize.agents.command.files import folder_for

async def main():
    job = Job(prompt="secret", workspace=Path("w"), environment={"TMPDIR": sys.argv[1]})
    async with folder_for(job, prompt=True) as folder:
        print(folder, flush=True)
        sys.stdin.read()

anyio.run(main)
"""


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Open a yard with a task."""
    with closing(open_database("sqlite", tmp_path)) as database:
        yard = Yard(database=database)
        yard.add()
        yield yard


@pytest.mark.parametrize("is_temporary", [False, True], ids=["TMPDIR", "temporary files"])
@pytest.mark.parametrize("when", ["start", "rescue"])
async def test_a_killed_workers_files_go_and_those_in_use_stay(
    yard: Yard,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    when: str,
    is_temporary: bool,  # noqa: FBT001 - a row
) -> None:
    """Both when a worker starts, and when it rescues what another one held."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "b"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "a"))
    shop = Workshop(
        home=Home(tmp_path), database=yard.database, clock=yard.clock, worker=a_worker(),
        bells=Bells(), turn=anyio.CapacityLimiter(1),
    )  # fmt: skip
    orphan = yard.claimed().attempt
    with ExitStack() as stack:
        killed, lives = (
            stack.enter_context(closing_run(tmp_path / "ab"[is_temporary])) for _ in range(2)
        )
        prompts = [told(each) / "prompt.md" for each in (killed, lives)]
        assert [each.read_text() for each in prompts] == ["secret", "secret"]
        killed.kill()
        killed.wait()
        assert [each.exists() for each in prompts] == [True, True]
        if when == "start":
            upkeep.clean_up(shop)
        else:
            await upkeep.rescue(shop, orphan)
        assert [each.parent.exists() for each in prompts] == [False, True]
    assert list(prompts[1].parents[1].iterdir()) == []


def closing_run(place: Path) -> subprocess.Popen[str]:
    """Start a process that has the files of a run until its input ends."""
    place.mkdir(exist_ok=True)
    command = (sys.executable, "-c", RUNS, str(place))
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(run: subprocess.Popen[str]) -> Path:
    """Return the folder that a process says it has."""
    assert run.stdout is not None
    return Path(run.stdout.readline().strip())
