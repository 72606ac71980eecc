"""What of a repository's own files reaches this machine, and the hash by which it is trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deputize.config.settings import Config


class Wishes(NamedTuple):
    """What a repository wants: commands to be run here, and private files to be copied."""

    config: Config
    include: bytes | None = None
    """Its `.worktreeinclude`."""

    @property
    def lines(self) -> tuple[str, ...]:
        """Each wish in one line, for people."""
        setup = tuple(f"setup: {step.command}" for step in self.config.workspace.setup)
        checks = tuple(
            f"check {name}: {check.command}" for name, check in self.config.checks.items()
        )
        return setup + checks + tuple(f"copy: {pattern}" for pattern in self._patterns())

    @property
    def of_workspace(self) -> bool:
        """Whether something of it comes before an agent starts."""
        return bool(self.config.workspace.setup or self._patterns())

    @property
    def digest(self) -> str:
        """The hash of all that decides what happens."""
        import hashlib
        import json

        content = {
            "setup": [step._asdict() for step in self.config.workspace.setup],
            "checks": {name: check._asdict() for name, check in sorted(self.config.checks.items())},
            "include": self._patterns(),
        }
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def _patterns(self) -> list[str]:
        listed = (self.include or b"").decode("utf-8", "replace").splitlines()
        own = [line.strip() for line in listed if line.strip() and not line.startswith("#")]
        return [*own, *self.config.workspace.include]
