"""What the tests of the queue share."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.databases import open_database
from tests.fixtures.yard import Yard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def yard(kind: str, tmp_path: Path) -> Iterator[Yard]:
    """Open a yard."""
    with closing(open_database(kind, tmp_path)) as database:
        yield Yard(database=database)
