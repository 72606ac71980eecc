"""Where a task lives: its repository, branch and base, and the settings that hold there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import InvalidInput
from deputize.git import locate as git_locate
from deputize.model.task import Place

if TYPE_CHECKING:
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.git.locate import Location
    from deputize.model.task import TaskSpec


class FoundPlace(NamedTuple):
    """Where a task lives: its repository and the settings that hold there."""

    location: Location | None
    base: str | None
    wishes: Wishes

    @property
    def config(self) -> Config:
        """The settings that hold there."""
        return self.wishes.config


def find_place(home: Home, spec: TaskSpec) -> FoundPlace:
    """Find the repository of a task and read its settings from the target's tip."""
    if spec.place is Place.SCRATCH:
        if spec.base or spec.target or spec.checks:
            raise InvalidInput(
                "a scratch task has no repository: leave out base, target and checks"
            )
        wishes = Wishes(config=load_config(home.config))
        return FoundPlace(location=None, base=None, wishes=wishes)
    location = git_locate.locate(Path(spec.repo or "."), spec.target)
    base = git_locate.resolve(location, spec.base) if spec.base else location.base
    if spec.place is Place.IN_PLACE and location.checkout is None:
        raise InvalidInput(
            "a bare repository has no checkout to work in", hint="leave out --in-place"
        )
    if spec.place is Place.IN_PLACE and location.checkout and not _waits(spec):
        from deputize.git.checkout import require_clean

        require_clean(location.checkout)
    return FoundPlace(location=location, base=base, wishes=wishes_of(home, location))


def _waits(spec: TaskSpec) -> bool:
    """Tell whether something is to happen first: the checkout is looked at when its turn comes."""
    return bool(spec.needs or spec.held or spec.not_before)


def wishes_of(home: Home, location: Location) -> Wishes:
    """Read what a repository wants from the target's tip, with the settings that hold there."""
    named = (REPOSITORY_FILE, INCLUDE_FILE)
    file, include = git_locate.read_blobs(location.git_dir, location.base, named)
    origin = f"{REPOSITORY_FILE} ({location.target})"
    return read_wishes(home.config, file, include, origin=origin)
