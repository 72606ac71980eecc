"""What the fixtures of this folder are, and reading what processes tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deputize.workspace.processes.identity import ProcessIdentity, identify

if TYPE_CHECKING:
    import subprocess


class Start(Protocol):
    """Starts a shell script in a session of its own."""

    def __call__(self, script: str, marker: str = "") -> subprocess.Popen[bytes]:
        """Start `script` with `marker` in its environment; `$1` is the Python that runs us."""
        ...


def said(process: subprocess.Popen[bytes]) -> str:
    """Return the next line that the process prints."""
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def told(process: subprocess.Popen[bytes]) -> ProcessIdentity:
    """Return the identity of the process whose number is printed next."""
    return known(int(said(process)))


def known(pid: int) -> ProcessIdentity:
    """Return the identity of a process that must be there."""
    identity = identify(pid)
    assert identity is not None
    return identity
