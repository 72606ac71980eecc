"""Bases of tasks that are about to be stored, kept from the user's garbage collection."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from deputize.errors import GitError
from deputize.git.refs import pin, unpin
from deputize.store import meta, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from deputize.intake.drafting import Draft
    from deputize.store.database import Database


def bases_of(drafts: Iterable[Draft], waits: Iterable[bool]) -> set[tuple[Path, str]]:
    """Return repository and commit of each base that is known already."""
    return {
        (drafted.place.location.git_dir, drafted.place.base)
        for drafted, waiting in zip(drafts, waits, strict=True)
        if drafted.place.location and drafted.place.base and not waiting
    }


@contextmanager
def pinned(database: Database, bases: Iterable[tuple[Path, str]]) -> Iterator[None]:
    """Pin commits before the block stores tasks that start from them.

    Where it raises, those that no other task starts from are let go of again.
    """
    with database.read() as transaction:
        store = meta.store_name(transaction)
    held: list[tuple[Path, str]] = []
    try:
        for git_dir, commit in sorted(bases):
            held.append((git_dir, commit))
            pin(git_dir, store, commit)
        yield
    except BaseException:
        for git_dir, commit in held:
            with suppress(GitError):
                _let_go(database, store, git_dir, commit)
        raise


def _let_go(database: Database, store: str, git_dir: Path, commit: str) -> None:
    """Undo a pin; one that another process came to need meanwhile is put back."""

    def is_needed() -> bool:
        with database.read() as transaction:
            return commit in tasks.pinned(transaction, str(git_dir))

    if not is_needed():
        unpin(git_dir, store, commit)
        if is_needed():
            pin(git_dir, store, commit)
