"""Which process is meant: its number alone is not enough, because numbers are used again.

Imported by the verbs that must be quick: nothing here loads more than it needs.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from deputize.errors import InvalidInput
from deputize.workspace.processes import table

FIRST_NAMESPACE: Final = 0xEFFFFFFC
"""The inode of the PID namespace a Linux machine starts with (`include/linux/proc_ns.h`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessIdentity:
    """One process of one boot of one machine; as text `pid:started:boot:host`."""

    pid: int
    started: str
    boot: str
    host: str

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        return f"{self.pid}:{self.started}:{self.boot}:{self.host}"

    @classmethod
    def parse(cls, text: str) -> ProcessIdentity:
        """Return the identity that was written as `text`; raises InvalidInput if it is none."""
        parts = text.split(":")
        try:
            pid, started, boot, host = parts
            float(started)
            return cls(pid=int(pid), started=started, boot=boot, host=host)
        except ValueError as exc:
            message = f"not a process identity: {text!r}"
            raise InvalidInput(message, hint="it is written as pid:started:boot:host") from exc


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of the process `pid` of this machine, zombies too; None without one."""
    entry = table.look(pid)
    return None if entry is None else identity_of(pid, entry.started)


def identity_of(pid: int, started: str) -> ProcessIdentity:
    """Return the identity of a process of this boot of this machine."""
    return ProcessIdentity(pid=pid, started=started, boot=boot_id(), host=this_host())


def is_running(identity: ProcessIdentity) -> bool:
    """Tell whether it is certain that the process runs: here, and not only as a zombie."""
    return is_of_here(identity) and _is_alive(identity)


def is_gone(identity: ProcessIdentity) -> bool:
    """Tell whether it is certain that the process runs no more.

    False where this process can't know: on another host, or in another PID namespace (a container).
    """
    if identity.host != this_host():
        return False
    if identity.boot.partition("/")[0] != boot_id().partition("/")[0]:
        return True
    return identity.boot == boot_id() and not _is_alive(identity)


def is_of_here(identity: ProcessIdentity) -> bool:
    """Tell whether its number means something here: same host, boot and PID namespace."""
    # The boot's id is drawn at random by each machine at each start: it names the host as well.
    return identity.boot == boot_id()


def _is_alive(identity: ProcessIdentity) -> bool:
    entry = table.look(identity.pid)
    return entry is not None and not entry.ended and entry.started == identity.started


@cache
def boot_id() -> str:
    """Return what names this boot of the machine, followed by `/NAMESPACE` inside a container."""
    if sys.platform == "linux":
        boot = _line("/proc/sys/kernel/random/boot_id")
        namespace = os.stat("/proc/self/ns/pid").st_ino  # noqa: PTH116 - as in `_line`
        return boot if namespace == FIRST_NAMESPACE else f"{boot}/{namespace}"
    else:  # noqa: RET505 - so that the type checker skips what is for another system
        from deputize.workspace.processes import darwin

        return darwin.boot_id()


@cache
def this_host() -> str:
    """Return a stable name of this machine: 16 hexadecimal digits that don't give its id away."""
    import hashlib

    # machine-id(5) asks that its value is not shown, only what is derived from it with a key.
    digest = hashlib.blake2b(_machine().encode(), key=b"deputize host", digest_size=8)
    return digest.hexdigest()


def _machine() -> str:
    for path in ("/etc/machine-id", "/var/lib/dbus/machine-id"):
        with suppress(OSError, UnicodeDecodeError):
            machine = _line(path)
            if machine and machine != "uninitialized":
                return machine
    return os.uname().nodename


def _line(path: str) -> str:
    # Not Path.open: verbs that must be quick come here, and don't load pathlib.
    with open(path, encoding="ascii") as file:  # noqa: PTH123
        return file.read().strip()
