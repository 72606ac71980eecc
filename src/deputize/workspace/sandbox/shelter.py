"""Which sandbox there is, by the level that is wanted, and its folders while it is used."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deputize.config.spelled import expanded
from deputize.errors import ConfigError
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.sandbox.bubblewrap import Bubblewrap, Missing, bubblewrap, make_layers
from deputize.workspace.sandbox.caches import FOLDER, RUNTIME, variables_in
from deputize.workspace.sandbox.confinement import Access, Confinement, Rule
from deputize.workspace.sandbox.mounts import mounts_of
from deputize.workspace.sandbox.programs import on_path
from deputize.workspace.sandbox.secrets import IN_HOME, IN_SYSTEM, KEPT, LAYERED, PRIVATE
from deputize.workspace.temporary import make_held, sweep_held

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from deputize.config.settings import SandboxSettings
    from deputize.workspace.sandbox.places import Places

OFF: Final = "off"
AUTO: Final = "auto"
WORKSPACE: Final = "workspace"
NAMESPACE: Final = "namespace"
"""What `auto` comes to where there is no sandbox, but a process namespace."""
PREFIX: Final = "deputize-box-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launcher:
    """What a program is started with, and what is told it."""

    prefix: tuple[str, ...] = ()
    """What stands before its arguments."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What its environment has over what it has anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelter:
    """The sandbox of one attempt, or of what else runs in a folder of its own."""

    level: str
    """What it comes to: `workspace`, `namespace` or `off`."""
    told: str
    """The same for people, with why it is no better."""
    _ground: Confinement | None = None
    _numbers: Iterator[int] = field(default_factory=count)

    def launcher(
        self,
        *,
        hide: Iterable[Path] = (),
        read: Iterable[Path] = (),
        write: Iterable[Path] = (),
        nests: bool = False,
    ) -> Launcher:
        """Return what starts a program in it that is granted this too. Not for the event loop.

        Raises OSError where its folders can't be made.
        """
        ground, found = self._ground, bubblewrap()
        if self.level != WORKSPACE or ground is None or isinstance(found, Missing):
            return Launcher(prefix=containment_prefix() if self.level == NAMESPACE else ())
        mounts = mounts_of(ground.granting(hide=hide, read=read, write=write, nests=nests))
        layers = ground.temporary.with_name(f"layers-{next(self._numbers)}")
        make_layers(mounts, layers)
        return Launcher(
            prefix=found.launcher(mounts, layers, nests=nests),
            variables=variables_in(ground.temporary),
        )


NO_SHELTER: Final = Shelter(level=OFF, told=OFF)


def level_of(wanted: str) -> tuple[str, str]:
    """Return the level that a wanted one comes to on this machine, and that for people.

    Raises ConfigError where one that was asked for isn't there. Not for the event loop.
    """
    if wanted == OFF:
        return OFF, "off"
    found = bubblewrap()
    if isinstance(found, Bubblewrap):
        return WORKSPACE, f"{WORKSPACE} (bubblewrap {found.version})"
    if wanted != AUTO:
        hint = f'{found.hint}, or set `sandbox.level = "auto"` or "off"'
        raise ConfigError(f"the sandbox {wanted!r} is not there: {found.why}", hint=hint)
    if containment_prefix():
        return NAMESPACE, f"only a process namespace: {found.why}"
    return OFF, f"none: {found.why}"


@contextmanager
def sheltered(settings: SandboxSettings, home: Path, places: Places) -> Iterator[Shelter]:
    """Give a sandbox in which `places` are there and home isn't, with folders that go at the end.

    Raises ConfigError where a level that was asked for isn't there, and OSError. Not for the event
    loop.
    """
    level, told = level_of(settings.level)
    if level != WORKSPACE:
        yield Shelter(level=level, told=told)
        return
    made, held = make_held(PREFIX)
    folder = Path(os.path.realpath(made))
    try:
        ground = ground_of(_temporary(folder)).granting(
            hide=(home, *expanded(settings.hide, os.environ)),
            read=(*places.read, *expanded(settings.read, os.environ)),
            write=(*places.write, *expanded(settings.write, os.environ)),
        )
        yield Shelter(level=level, told=told, _ground=ground)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep_boxes() -> None:
    """Remove the folders of sandboxes whose worker was killed."""
    sweep_held(PREFIX, [tempfile.gettempdir()])


def _temporary(folder: Path) -> Path:
    temporary = folder / "tmp"
    for each in (temporary, temporary / RUNTIME, temporary / FOLDER):
        each.mkdir(mode=0o700)
    return temporary


def ground_of(temporary: Path) -> Confinement:
    """Return what holds for everything: secrets hidden, shared folders private, programs there."""
    rules = (
        *_rules(IN_SYSTEM, Access.HIDDEN),
        *_rules(PRIVATE, Access.PRIVATE),
        *(rule for home in _homes() for rule in _of_home(home)),
        *_rules(KEPT, Access.READABLE),
        *(Rule(path=each, access=Access.READABLE) for each in on_path()),
        Rule(path=temporary, access=Access.WRITABLE),
    )
    return Confinement(rules=rules, temporary=temporary)


def _rules(paths: Iterable[str], access: Access) -> Iterator[Rule]:
    return (Rule(path=Path(path), access=access) for path in paths)


def _homes() -> Iterator[Path]:
    """Yield the person's homes: the one that the environment names, and the system's for them."""
    found = [os.environ.get("HOME", "")]
    with suppress(KeyError):
        found.append(pwd.getpwuid(os.getuid()).pw_dir)
    for each in dict.fromkeys(found):
        if each.strip("/") and Path(each).is_dir():
            yield Path(each)


def _of_home(home: Path) -> Iterator[Rule]:
    yield from (Rule(path=home / part, access=Access.LAYERED) for part in LAYERED)
    yield from (Rule(path=home / part, access=Access.HIDDEN) for part in IN_HOME)
