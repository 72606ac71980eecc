"""Decide a tool call: pure, from the action and what the task may do. No beats ask beats yes."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.gate.calls import asked_by, denied_by
from deputize.gate.places import is_in, is_inside
from deputize.model.policy import Decision, Tool, Verdict
from deputize.model.ruleset import USUAL, Policy, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.model.policy import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one attempt may touch. Paths are absolute and resolved."""

    workspace: str
    may_write: bool
    own: tuple[str, ...] = ()
    """Folders outside the workspace that the agent's own program reads and writes: its state."""
    tools: frozenset[str] | None = None
    """The kinds of tools that its role may use; None is all."""
    policy: Policy = USUAL
    """Its places are absolute, too."""
    hidden: tuple[str, ...] = ()
    """Places that nobody reads or writes unless the policy names them."""

    @property
    def holds_redirections(self) -> bool:
        """Tell whether it matters where commands send their output."""
        held = any(rule.allowed_commands or rule.writable for rule in self.policy.rules)
        return held or self.policy.profile is Profile.READ_ONLY


def decide(
    action: Action,
    bounds: Bounds,
    resolved: tuple[str, ...],
    written: tuple[str | None, ...] = (),
) -> Decision:
    """Answer an action whose paths, in the same order, resolve to `resolved`.

    What a command writes can't be told from its text, but for where its output goes: `written`. The
    rest is judged afterwards, by the tree.
    """
    if bounds.tools is not None and action.tool not in bounds.tools:
        return _deny("role", f"this role may not use {action.tool} tools")
    for rule in bounds.policy.rules:
        if denied := denied_by(rule, action):
            return _deny(*denied)
    if denied := next(_denied_paths(action, bounds, resolved, written), None):
        return _deny(*denied)
    for rule in bounds.policy.rules:
        if asked := asked_by(rule, action):
            return Decision(verdict=Verdict.ASK, rule=asked[0], reason=asked[1])
    profile = bounds.policy.profile
    return Decision(verdict=Verdict.ALLOW, rule=profile, reason="inside what the task may do")


Denial = tuple[str, str]
"""The rule that says no, and why."""


def _denied_paths(
    action: Action,
    bounds: Bounds,
    resolved: tuple[str, ...],
    written: tuple[str | None, ...],
) -> Iterator[Denial]:
    """Yield what keeps an action from its paths, the plainest first."""
    if None in written:
        yield "write-unknown", "only a shell knows where its output goes"
    if written:
        yield from _denied_writes(bounds, tuple(path for path in written if path))
    if action.tool is Tool.WRITE:
        yield from _denied_writes(bounds, resolved)
    elif action.tool in {Tool.MEMORY, Tool.MCP} and bounds.policy.profile is Profile.READ_ONLY:
        yield "read-only", f"what only reads may not use {action.tool} tools"
    for path in resolved:
        if _is_hidden(path, bounds):
            yield "hidden", f"{path} is where secrets are kept"
        for rule in bounds.policy.rules:
            if rule.readable and not _is_home(path, bounds) and not is_in(path, rule.readable):
                yield f"{rule.name}.readable", f"{path} is none of what may be read"


def _denied_writes(bounds: Bounds, resolved: tuple[str, ...]) -> Iterator[Denial]:
    if not bounds.may_write or bounds.policy.profile is Profile.READ_ONLY:
        inside = [path for path in resolved if is_inside(path, bounds.workspace)]
        if inside or not resolved:
            yield "read-only", "this task may only read"
    if not resolved:
        yield "write-unknown", "the tool doesn't say which path it writes"
    for path in resolved:
        yield from _denied_write(bounds, path)


def _denied_write(bounds: Bounds, path: str) -> Iterator[Denial]:
    own = any(is_inside(path, folder) for folder in bounds.own)
    named = bounds.policy.base.writable
    if not (own or named or _is_free(bounds) or is_inside(path, bounds.workspace)):
        yield "outside", f"{path} is outside the workspace"
    if _is_git(path, bounds.workspace):
        yield "git", f"{path} belongs to git's own files"
    for rule in bounds.policy.rules:
        if rule.writable and not own and not is_in(path, rule.writable):
            yield f"{rule.name}.writable", f"{path} is none of what may be written"


def _is_free(bounds: Bounds) -> bool:
    return bounds.may_write and bounds.policy.profile is Profile.TRUSTED


def _is_home(path: str, bounds: Bounds) -> bool:
    """Tell whether a path is the attempt's own."""
    return any(is_inside(path, folder) for folder in (bounds.workspace, *bounds.own))


def _is_hidden(path: str, bounds: Bounds) -> bool:
    if bounds.policy.profile is Profile.TRUSTED or _is_home(path, bounds):
        return False
    named = (*bounds.policy.base.readable, *bounds.policy.base.writable)
    return is_in(path, bounds.hidden) and not is_in(path, named)


def _is_git(path: str, workspace: str) -> bool:
    """Tell whether a path names git's files, in any case, for some file systems fold it."""
    inside = posixpath.relpath(path, workspace)
    return any(part.casefold() == ".git" for part in inside.split("/"))


def _deny(rule: str, reason: str) -> Decision:
    return Decision(verdict=Verdict.DENY, rule=rule, reason=reason)
