"""A house for programs that use the public API, in this process and in others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.house import House


@pytest.fixture
def house(
    tmp_path: Path, clean_environment: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    """Give a home that this process finds, in whose repository it stands."""
    for house in build(tmp_path, clean_environment):
        monkeypatch.setenv("DEPUTIZE_HOME", str(house.home.path))
        monkeypatch.setenv("DEPUTIZE_WORKER__AUTOSTART", "false")
        monkeypatch.chdir(house.repo.path)
        yield house
