"""A house for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House


@pytest.fixture
def house(tmp_path: Path, clean_environment: Path) -> Iterator[House]:
    """Give a home and a repository, and end every process of theirs afterwards."""
    yield from build(tmp_path, clean_environment)
