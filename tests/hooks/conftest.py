"""A web server that takes what is posted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.web import Server


@pytest.fixture
def server() -> Iterator[Server]:
    """Serve for one test."""
    with serving() as found:
        yield found
