"""Attempts of an agent that holds several sessions in one program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Job
from tests.agents.acp.crowd import agent
from tests.agents.sharing import Crew, tended

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from deputize.agents.pool.pool import Pool


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    """Give a pool of two."""
    async with tended(tmp_path / "pool") as made:
        yield made


@pytest.fixture
def make(pool: Pool, tmp_path: Path) -> Callable[..., Crew]:
    """Give what makes attempts of such an agent."""
    base = Job(
        prompt="",
        workspace=tmp_path,
        environment={"PATH": "/usr/bin:/bin", "SIGNS": str(tmp_path)},
        state=tmp_path / "state",
    )
    return lambda *ways: Crew(agent(pool, *ways), tmp_path, base)


@pytest.fixture
def crew(make: Callable[..., Crew]) -> Crew:
    """Give attempts of an agent that has nothing wrong with it."""
    return make()
