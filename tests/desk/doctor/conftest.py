"""The check-up's looks into the store, on each database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.desk.context import open_desk
from tests.fixtures import postgres
from tests.fixtures.databases import Intruder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from deputize.desk.context import Desk


@pytest.fixture
def home(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return a home whose state is in a database of this kind."""
    place = Home(tmp_path / "state")
    if kind == "postgres":
        monkeypatch.setenv("DEPUTIZE_DATABASE", postgres.url_of(place.path))
    place.path.mkdir(mode=0o700)
    place.config.write_text("default_agent = 'toy'\n[agents.toy]\ncommand = ['true']\n")
    return place


@pytest.fixture
def desk(home: Home) -> Iterator[Desk]:
    """Return an open desk."""
    with open_desk(home, "person:ada") as opened:
        yield opened


@pytest.fixture
def intruder(desk: Desk, home: Home, kind: str) -> Iterator[Intruder]:
    """Connect past deputize to the same database."""
    del desk
    connected = Intruder(kind, home.path)
    yield connected
    connected.close()
