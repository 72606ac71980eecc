"""What the tests of delivery share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.stories import Story, open_story
from tests.fixtures.web import Server, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    """Open a store."""
    yield from open_story(tmp_path / "deputize")


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve on loopback."""
    with serving() as running:
        yield running
