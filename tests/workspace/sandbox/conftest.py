"""A person's machine in small, and a sandbox in it."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.config.settings import SandboxSettings
from deputize.git.repository import open_mirror
from deputize.workspace.sandbox.places import places_of
from deputize.workspace.sandbox.shelter import Launcher, Shelter, sheltered
from deputize.workspace.worktree import Workspace, open_workspace
from tests.fixtures.repositories import Folder, make_project
from tests.fixtures.sandboxes import require_bubblewrap

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A workspace in its sandbox, and what lies around it."""

    project: Folder
    """The user's repository and checkout."""
    home: Home
    user: Path
    """The user's own home."""
    workspace: Workspace
    other: Workspace
    """Somebody else's workspace of the same repository."""
    shelter: Shelter

    def inside(self, script: str, launcher: Launcher | None = None, **variables: str) -> str:
        """Run a script inside; return what it prints, whatever it ends with."""
        launcher = launcher or self.shelter.launcher()
        ended = subprocess.run(
            [*launcher.prefix, "/bin/bash", "-c", script],
            cwd=self.workspace.path,
            env={"PATH": os.environ["PATH"], **launcher.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        return ended.stdout.decode("utf-8", "replace")


@pytest.fixture
def box(tmp_path: Path, clean_environment: Path) -> Iterator[Box]:
    """Give the sandbox of a fresh workspace."""
    require_bubblewrap()
    project = make_project(tmp_path / "project")
    home = Home(tmp_path / "home")
    mirror = open_mirror(home.repos, project.git_dir)
    for name in ("deputize.db", "config.toml", "keys/openai"):
        (home.path / name).parent.mkdir(parents=True, exist_ok=True)
        (home.path / name).write_text("a secret of deputize's\n")
    for name in (".ssh/id_ed25519", ".aws/credentials", ".codex/auth.json", ".netrc"):
        (clean_environment / name).parent.mkdir(exist_ok=True)
        (clean_environment / name).write_text("a secret of the person's\n")
    (clean_environment / "notes.txt").write_text("notes\n")
    base = project.head()
    mine, other = (
        open_workspace(home.workspaces, mirror, task=7, attempt=number, base=base)
        for number in (1, 2)
    )
    settings = SandboxSettings(level="workspace")
    with sheltered(settings, home.path, places_of(mine)) as shelter:
        yield Box(
            project=project,
            home=home,
            user=clean_environment,
            workspace=mine,
            other=other,
            shelter=shelter,
        )
