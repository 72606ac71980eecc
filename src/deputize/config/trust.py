"""What of a repository's own files reaches this machine, and the hash by which it is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deputize.config.load import load_config

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.config.settings import CheckSettings, Config, Step


def read_wishes(
    home_file: Path, file: bytes | None, include: bytes | None, *, origin: str
) -> Wishes:
    """Lay a repository's own file over home's settings; raises ConfigError with file and key."""
    config = load_config(home_file, file, origin=origin)
    return Wishes(config=config, include=include, home=load_config(home_file))


class Wishes(NamedTuple):
    """What a repository wants: commands to be run here, and private files to be copied."""

    config: Config
    include: bytes | None = None
    """Its `.worktreeinclude`."""
    home: Config | None = None
    """Home's own settings: what they want is the user's own wish, which needs no trust."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each wish in one line, for people."""
        checks = (f"check {name}: {check.command}" for name, check in self._checks.items())
        return (*self.before_start, *checks)

    @property
    def before_start(self) -> tuple[str, ...]:
        """Those wishes that come true before an agent starts."""
        setup = (f"setup: {step.command}" for step in self._setup)
        return (*setup, *(f"copy: {pattern}" for pattern in self._patterns()))

    @property
    def of_workspace(self) -> bool:
        """Whether there is something to do before an agent starts."""
        return bool(self.config.workspace.setup or self.before_start)

    @property
    def digest(self) -> str:
        """The hash of all that decides what happens."""
        import hashlib
        import json

        content = {
            "setup": [step._asdict() for step in self._setup],
            "checks": {name: check._asdict() for name, check in sorted(self._checks.items())},
            "include": self._patterns(),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    @property
    def _setup(self) -> tuple[Step, ...]:
        setup = self.config.workspace.setup
        return () if self.home and setup == self.home.workspace.setup else setup

    @property
    def _checks(self) -> Mapping[str, CheckSettings]:
        known = self.home.checks if self.home else {}
        found = self.config.checks.items()
        return {name: check for name, check in found if known.get(name) != check}

    @property
    def patterns(self) -> bytes:
        """Which private files it wants, in the words of a `.gitignore`."""
        return b"".join(line.encode() + b"\n" for line in self._patterns())

    def _patterns(self) -> list[str]:
        listed = (self.include or b"").decode("utf-8", "replace").splitlines()
        own = [line.strip() for line in listed if line.strip() and not line.startswith("#")]
        more = self.config.workspace.include
        return own if self.home and more == self.home.workspace.include else [*own, *more]
