"""The gate of one attempt: resolve the paths, decide, and put the answer on record first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deputize.gate.commands import read_line
from deputize.gate.decide import decide
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from deputize.gate.decide import Bounds
    from deputize.model.policy import Action

    Record = Callable[[Action, Decision], Awaitable[None]]
    """Writes an answer down; what it raises makes a no of it."""
    Narrow = Callable[[Action, Decision], Awaitable[Decision]]

DEVICES = frozenset({"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty"})
"""What output may go to anyway; one's own streams lead somewhere else when they are resolved."""


def gate_for(
    bounds: Bounds, record: Record, narrow: Narrow | None = None
) -> Callable[[Action], Awaitable[Decision]]:
    """Make the gate that an attempt's agent asks.

    `narrow` may make an answer stricter before it is recorded. It fails closed: where a path leads
    nowhere, where that fails, or the decision can't be recorded, it says no.
    """

    async def ask(action: Action) -> Decision:
        decision = decided(action, bounds)
        if narrow is not None:
            decision = await _narrowed(action, decision, narrow)
        return await recorded(action, decision, record)

    return ask


async def recorded(action: Action, decision: Decision, record: Record) -> Decision:
    """Put a decision on record and return it; where that can't be done, the answer is no."""
    try:
        await record(action, decision)
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing may pass unrecorded
        reason = f"the decision could not be recorded: {error}"
        return Decision(verdict=Verdict.DENY, rule="unrecorded", reason=reason)
    return decision


async def _narrowed(action: Action, decision: Decision, narrow: Narrow) -> Decision:
    try:
        return decision.narrowed(await narrow(action, decision))
    except Exception as error:  # noqa: BLE001 - whatever it was, nothing may pass unasked
        reason = f"who else decides could not be asked: {error}"
        return Decision(verdict=Verdict.DENY, rule="unasked", reason=reason)


def decided(action: Action, bounds: Bounds) -> Decision:
    """Decide an action, wherever its paths really lead."""
    try:
        resolved = tuple(resolve(path, bounds.workspace) for path in action.paths)
        written = tuple(_written(action, bounds))
    except (OSError, RuntimeError, ValueError) as error:
        reason = f"nobody can tell where the path leads: {error}"
        return Decision(verdict=Verdict.DENY, rule="unresolvable", reason=reason)
    opens = tuple(zip(action.paths, resolved, strict=True))
    return replace(decide(action, bounds, resolved, written), opens=opens)


def _written(action: Action, bounds: Bounds) -> Iterator[str | None]:
    """Yield where a command redirects its output to, where that matters; None where unknown."""
    if action.command is None or not bounds.holds_redirections:
        return
    for word in read_line(action.command).written:
        path = None if word is None else resolve(word, bounds.workspace)
        if path not in DEVICES:
            yield path


def resolve(path: str, workspace: str) -> str:
    """Return where a path really leads: relative ones from the workspace, links followed.

    `file:` URIs (RFC 8089) and `~` are read as a tool would read them. Raises OSError, RuntimeError
    or ValueError where that can't be told: a circle of links, an unknown user, a NUL.
    """
    plain = _path_of(path) if path[:5].casefold() == "file:" else path
    return str(Path(workspace, Path(plain).expanduser()).resolve())


def _path_of(uri: str) -> str:
    plain = uri[5:]
    if plain.startswith("//"):
        host, slash, rest = plain[2:].partition("/")
        if host.casefold() not in {"", "localhost"}:
            raise ValueError(f"{uri} is on another machine")
        plain = slash + rest
    return unquote(plain)
