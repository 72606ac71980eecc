"""What an attempt may do in its workspace."""

from __future__ import annotations

import pytest

from deputize.config.settings import Config
from deputize.model.task import Place
from deputize.worker.benches import may_touch
from tests.fixtures.nouns import a_task


@pytest.mark.parametrize(
    ("role", "place", "expected"),
    [
        ("writer", Place.WORKTREE, True),
        ("inspector", Place.WORKTREE, False),
        ("tester", Place.WORKTREE, True),
        ("writer", Place.SCRATCH, True),
        ("writer", Place.READ_ONLY, False),
        ("tester", Place.READ_ONLY, False),
    ],
)
def test_who_only_looks_touches_nothing(role: str, place: Place, *, expected: bool) -> None:
    """Whoever runs checks leaves caches behind, unless the task is read-only."""
    assert may_touch(a_task(role=role, place=place), Config()) is expected
