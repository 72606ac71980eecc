"""A door to knock at, for each database."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.store import workers
from tests.fixtures.databases import DATABASES, open_database
from tests.fixtures.doors import HOME, OURS, Door
from tests.fixtures.nouns import NOON, a_worker
from tests.fixtures.repositories import Folder, make_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Folder:
    """Make a repository of the user's whose deputize.toml has a check."""
    made = make_project(tmp_path / "project")
    made.commit(deputize__toml=OURS)
    return made


@pytest.fixture(params=DATABASES)
def door(request: pytest.FixtureRequest, tmp_path: Path, project: Folder) -> Iterator[Door]:
    """Open a store beside it."""
    home = Home(tmp_path / "home")
    with closing(open_database(request.param, home.path)) as database:
        home.config.write_text(HOME)
        with database.write() as transaction:
            workers.register(transaction, a_worker(), NOON)
        yield Door(home=home, database=database, project=project)
