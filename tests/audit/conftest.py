"""What the tests of the audit trail share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.databases import DATABASES
from tests.fixtures.stories import Story, open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=DATABASES)
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Story]:
    """Open a store."""
    yield from open_story(request.param, tmp_path / "deputize")
