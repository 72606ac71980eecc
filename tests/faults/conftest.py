"""What the tests of faults share."""

from __future__ import annotations

import pytest

from tests.fixtures.databases import DATABASES


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """Name the database that the test runs on."""
    return str(request.param)
