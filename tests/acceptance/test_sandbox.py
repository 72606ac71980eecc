"""Tasks in the sandbox that the settings ask for, from the command line to the branch."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fixtures.house import LAND
from tests.fixtures.sandboxes import require_bubblewrap

if TYPE_CHECKING:
    from tests.fixtures.house import House

SHUT_IN = LAND + "[sandbox]\nlevel = 'workspace'\n"


def without(program: str, folder: Path) -> str:
    """Return a PATH on which all programs are but one."""
    folder.mkdir()
    for name in reversed(os.environ["PATH"].split(os.pathsep)):
        for each in os.scandir(name) if Path(name).is_dir() else ():
            if each.name != program:
                (folder / each.name).unlink(missing_ok=True)
                (folder / each.name).symlink_to(each.path)
    return str(folder)


def test_a_task_is_done_in_the_sandbox(house: House) -> None:
    """Setup, agent and check write to their workspace and to nothing else; `show` says so."""
    require_bubblewrap()
    house.configure(SHUT_IN)
    there = house.repo.path
    bad = f"echo bad >{there}/bad; echo bad >{house.home.path}/bad; echo bad >~/bad"
    setup = f"[workspace]\nsetup = [{{ command = '''{bad}; echo set up >.git-set-up''' }}]\n"
    check = f"[checks.c]\ncommand = '''{bad}; test -e made && ! test -e ~/bad.old'''\n"
    house.repo.commit(deputize__toml=setup + check)
    house.trust()
    task = house.add(f"{bad}\ntest -e .git-set-up && git status >/dev/null && echo a >made")
    house.up()
    done = house.until(task)
    assert done["state"] == "done", done
    assert done["attempts"][0]["sandbox"] == "workspace"
    assert "nothing outside of its workspace" in house.cli("show", str(task))
    assert "sandbox: workspace (bubblewrap" in house.log(task)
    assert (there / "made").exists()
    for folder in (there, house.home.path, house.user):
        assert not (folder / "bad").exists()


def test_a_sandbox_that_is_not_there_keeps_the_task_waiting(house: House) -> None:
    """Nothing is run without it, and what to do is said where people look."""
    house.configure(SHUT_IN)
    task = house.add("echo a >a")
    house.up(path=without("bwrap", house.folder / "bin"))
    line = house.until_waiting(task, "bubblewrap is not installed")
    assert "apt install bubblewrap" in line
    assert house.look(task)["attempts"][0]["outcome"] == "parked"
    assert house.look(task)["attempts"][0]["sandbox"] is None
