"""What a landing needed on its way: refs, a clean working tree, checks that run; all taken away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize import log
from deputize.errors import DeputizeError
from deputize.git.refs import delete_ref, landing_ref, list_refs
from deputize.git.repository import open_mirror
from deputize.store import changes, meta, tasks
from deputize.workspace.clean import clear_clean, list_clean
from deputize.workspace.processes.ending import end_tree_blocking
from deputize.workspace.processes.environment import attempt_marker

if TYPE_CHECKING:
    from deputize.git.repository import Mirror
    from deputize.model.change import Change
    from deputize.workshop import Workshop


def marker_of(shop: Workshop, change: int) -> str:
    """Return what marks the processes of a change's checks: of this store's change alone."""
    with shop.database.read() as transaction:
        store = meta.store_name(transaction)
    return attempt_marker(f"landing {store} {change}")


def clear_landing(shop: Workshop, change: Change) -> None:
    """Take away all that the landing of a settled change has left. Raises DeputizeError, OSError.

    Our own ref goes last: by it, what an interrupted call has left is found again.
    """
    with shop.database.read() as transaction:
        ref = landing_ref(meta.store_name(transaction), change.id)
    mirror = open_mirror(shop.home.repos, Path(change.git_dir))
    if change.id in list_clean(shop.home.workspaces, mirror):
        # Whoever left the tree was killed, and its checks may still run in it.
        end_tree_blocking(marker_of(shop, change.id))
        clear_clean(shop.home.workspaces, mirror, change.id)
    delete_ref(mirror.source, ref)
    delete_ref(mirror.git_dir, ref)


def sweep_landings(shop: Workshop) -> None:
    """Clear the landings of settled changes that a killed worker has left; logs what it can't."""
    with shop.database.read() as transaction:
        store, places = meta.store_name(transaction), tasks.repositories(transaction)
    for place in places:
        try:
            mirror = open_mirror(shop.home.repos, Path(place))
            for change in _left(shop, mirror, store):
                clear_landing(shop, change)
        except (DeputizeError, OSError) as error:
            log.get("landing").info("not tidied", repository=place, why=str(error))


def _left(shop: Workshop, mirror: Mirror, store: str) -> list[Change]:
    prefix = landing_ref(store, 0).removesuffix("0")
    numbers = {int(ref.rpartition("/")[2]) for ref in list_refs(mirror.git_dir, prefix)}
    numbers |= set(list_clean(shop.home.workspaces, mirror))
    with shop.database.read() as transaction:
        found = [changes.get(transaction, number) for number in sorted(numbers)]
    return [change for change in found if change.settled_at is not None]
