"""An open desk in a home of its own, beside a real repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.desk.context import open_desk
from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.desk.context import Desk


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home that isn't there yet."""
    return Home(tmp_path / "state")


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Return a repository with one commit."""
    return make_project(tmp_path / "project")


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    """Return an open desk."""
    with open_desk(home, "person:ada") as opened:
        yield opened
