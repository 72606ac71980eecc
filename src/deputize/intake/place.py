"""Where a task lives: its repository, branch and base, and the settings that hold there."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE, load_config
from deputize.config.trust import Wishes, read_wishes
from deputize.errors import InvalidInput
from deputize.git import locate as git_locate
from deputize.model.task import Place

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Places:
    """Finds places; what was looked up for one task is not looked up again for the next."""

    def __init__(self, home: Home) -> None:
        """Look with the settings of `home`."""
        self._home = home
        self._locations: dict[tuple[str | None, str | None], Location] = {}
        self._wishes: dict[tuple[Path, str, str] | None, Wishes] = {}
        self._commits: dict[tuple[Path, str], str] = {}
        self._clean: set[Path] = set()

    def find(self, spec: TaskSpec, *, waits: bool = False) -> FoundPlace:
        """Find the repository of a task and read its settings from the target's tip.

        One that `waits` for others, or for a moment or a person, has its checkout looked at later.
        """
        if spec.place is Place.SCRATCH:
            return FoundPlace(location=None, base=None, wishes=self._wishes_of(None))
        location = self._locate(spec)
        base = self._resolve(location, spec.base) if spec.base else location.base
        if spec.place is Place.IN_PLACE:
            waits = waits or bool(spec.needs or spec.held or spec.not_before)
            self._require_checkout(location, waits=waits)
        return FoundPlace(location=location, base=base, wishes=self._wishes_of(location))

    def _locate(self, spec: TaskSpec) -> Location:
        key = (spec.repo, spec.target)
        if key not in self._locations:
            with _about("repo"):
                self._locations[key] = git_locate.locate(Path(spec.repo or "."), spec.target)
        return self._locations[key]

    def _resolve(self, location: Location, name: str) -> str:
        key = (location.git_dir, name)
        if key not in self._commits:
            with _about("base"):
                self._commits[key] = git_locate.resolve(location, name)
        return self._commits[key]

    def _require_checkout(self, location: Location, *, waits: bool) -> None:
        if location.checkout is None:
            raise InvalidInput(
                "a bare repository has no checkout to work in",
                hint="leave out --in-place",
                field="place",
            )
        if not waits and location.checkout not in self._clean:
            from deputize.git.checkout import require_clean

            with _about("place"):
                require_clean(location.checkout)
            self._clean.add(location.checkout)

    def _wishes_of(self, location: Location | None) -> Wishes:
        key = (location.git_dir, location.base, location.target) if location else None
        if key not in self._wishes:
            self._wishes[key] = (
                wishes_of(self._home, location)
                if location
                else Wishes(config=load_config(self._home.config))
            )
        return self._wishes[key]


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Say of an error that doesn't say so itself which field of a task it is about."""
    try:
        yield
    except InvalidInput as error:
        error.field = error.field or field
        raise


def wishes_of(home: Home, location: Location) -> Wishes:
    """Read what a repository wants from the target's tip, with the settings that hold there."""
    named = (REPOSITORY_FILE, INCLUDE_FILE)
    file, include = git_locate.read_blobs(location.git_dir, location.base, named)
    origin = f"{REPOSITORY_FILE} ({location.target})"
    return read_wishes(home.config, file, include, origin=origin)
