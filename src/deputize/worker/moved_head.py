"""Whether an agent that works in place has left HEAD and branch of the checkout alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.checkout import head_commit, head_of
from deputize.git.refs import in_place_ref
from deputize.model.task import Place
from deputize.store import meta

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.worker.benches import Bench
    from deputize.worker.steps import Steps

HEADS = "refs/heads/"
SHOWN = 12
"""How many digits of a commit people are shown."""


def moved_head(steps: Steps, bench: Bench) -> str | None:
    """Say from where to where HEAD went, and what keeps where it was; None where it stayed.

    Landing waits while somebody works in a checkout, so it is never deputize that moves it.
    """
    if bench.workspace.place is not Place.IN_PLACE or bench.before is None:
        return None
    before = (bench.before.head, bench.workspace.base or "")
    after = (head_of(bench.path), _commit_at(bench.path))
    if after == before:
        return None
    with steps.shop.database.read() as transaction:
        kept = in_place_ref(meta.store_name(transaction), steps.claim.task.id)
    return f"went from {_shown(*before)} to {_shown(*after)}; {kept} keeps where it was"


def _commit_at(checkout: Path) -> str:
    try:
        return head_commit(checkout)
    except GitError:
        return ""


def _shown(head: str, commit: str) -> str:
    branch = head.removeprefix(HEADS) if head.startswith(HEADS) else "no branch"
    return f"{branch} at {commit[:SHOWN] or 'no commit'}"
