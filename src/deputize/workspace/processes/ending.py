"""Ending processes: asked first, then forced, until none is left. Blocks; `program` has it async.

A signal never goes to a bare number: Linux lets us hold the process itself (pidfd_open(2)), look
whether it is the one that is meant, and signal what we hold.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

from deputize.errors import ProcessError
from deputize.workspace.processes.identity import (
    ProcessIdentity,
    identify,
    identity_of,
    is_of_here,
    is_running,
)
from deputize.workspace.processes.tree import entries_of_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from deputize.workspace.processes.entry import Entry

GRACE_SECONDS: Final = 5.0
FORCE_SECONDS: Final = 10.0
ROUND_SECONDS: Final = 0.25
POLL_SECONDS: Final = 0.02
HELD_AT_ONCE: Final = 128
NAMED_AT_MOST: Final = 5


def end_tree_blocking(
    marker: str,
    roots: Iterable[ProcessIdentity] = (),
    *,
    grace_seconds: float = GRACE_SECONDS,
    force_seconds: float = FORCE_SECONDS,
) -> None:
    """End all that `find_tree` finds: SIGTERM, after `grace_seconds` SIGKILL, until none is left.

    Raises ProcessError naming the survivors if some are left `force_seconds` after that.
    """
    roots = tuple(roots)
    end_all(
        lambda: entries_of_tree(marker, roots),
        roots,
        grace_seconds=grace_seconds,
        force_seconds=force_seconds,
    )


def end_all(
    find: Callable[[], list[Entry]],
    roots: Iterable[ProcessIdentity] = (),
    *,
    grace_seconds: float = GRACE_SECONDS,
    force_seconds: float = FORCE_SECONDS,
) -> None:
    """End all that `find` finds, again and again, and the process groups that `roots` lead."""
    began = time.monotonic()
    asked: set[ProcessIdentity] = set()
    while found := find():
        spent = time.monotonic() - began
        if spent >= grace_seconds + force_seconds:
            raise _survived(found)
        identities = [identity_of(entry.pid, entry.started) for entry in found]
        if spent < grace_seconds:
            _ask(identities, asked)
            wait_gone(identities, min(ROUND_SECONDS, grace_seconds - spent))
        else:
            _force(identities, roots)
            wait_gone(identities, ROUND_SECONDS)


def _ask(identities: list[ProcessIdentity], asked: set[ProcessIdentity]) -> None:
    for identity in identities:
        if identity not in asked:
            asked.add(identity)
            send(identity, signal.SIGTERM)
            # One that is stopped would get the request only when it goes on.
            send(identity, signal.SIGCONT)


def _force(identities: list[ProcessIdentity], roots: Iterable[ProcessIdentity]) -> None:
    # The group first: that is the one way to end processes faster than they can fork.
    for root in roots:
        _kill_group(root)
    for identity in identities:
        send(identity, signal.SIGKILL)


def _kill_group(leader: ProcessIdentity) -> None:
    """Kill the group of `leader`, if it is still there (be it as a zombie) to keep the number."""
    if leader.pid != os.getpgrp() and leader.pid > 1 and identify(leader.pid) == leader:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader.pid, signal.SIGKILL)


def send(identity: ProcessIdentity, number: int) -> None:
    """Send the signal `number` to that very process, if we may; never to ourselves."""
    if identity.pid <= 1 or identity.pid == os.getpid() or not is_of_here(identity):
        return
    with suppress(ProcessLookupError, PermissionError), ExitStack() as held:
        descriptor = _hold(identity.pid, held)
        if not is_running(identity):
            return
        if sys.platform == "linux" and descriptor is not None:
            signal.pidfd_send_signal(descriptor, number)
        else:
            os.kill(identity.pid, number)


def wait_gone(identities: Iterable[ProcessIdentity], seconds: float) -> None:
    """Wait until those processes are gone, or `seconds` have passed."""
    until = time.monotonic() + seconds
    remaining = [identity for identity in identities if is_running(identity)]
    with ExitStack() as held:
        waiting = _poll(remaining[:HELD_AT_ONCE], held)
        while (remaining := [each for each in remaining if is_running(each)]) and (
            left := until - time.monotonic()
        ) > 0:
            if waiting is None:
                time.sleep(min(POLL_SECONDS, left))
            else:
                for descriptor, _ in waiting.poll(left * 1000):
                    waiting.unregister(descriptor)


def _poll(identities: list[ProcessIdentity], held: ExitStack) -> select.poll | None:
    """Return what wakes up when one of them ends; None where the system has no such thing."""
    waiting = select.poll()
    for identity in identities:
        try:
            descriptor = _hold(identity.pid, held)
        except OSError:
            continue
        if descriptor is None:
            return None
        waiting.register(descriptor, select.POLLIN)
    return waiting


def _hold(pid: int, held: ExitStack) -> int | None:
    """Return a descriptor of the process, closed with `held`; None where there are none."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:
        # Refused by an old kernel, a sandbox's filter, or for want of descriptors.
        return None
    held.callback(os.close, descriptor)
    return descriptor


def _survived(found: list[Entry]) -> ProcessError:
    named = found[:NAMED_AT_MOST]
    names = ", ".join(f"{entry.pid} ({_printable(entry.name)})" for entry in named)
    more = f" and {len(found) - len(named)} more" if len(found) > len(named) else ""
    pids = ",".join(str(entry.pid) for entry in named)
    hint = f"look at what is left: ps -o pid,user,stat,args -p {pids}"
    return ProcessError(f"could not end {names}{more}", hint=hint)


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in name)
