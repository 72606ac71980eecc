"""Decide a tool call: pure, from the action and what the task may do."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.model.policy import Decision, Tool, Verdict

if TYPE_CHECKING:
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


def decide(action: Action, bounds: Bounds, resolved: tuple[str, ...]) -> Decision:
    """Answer an action whose paths, in the same order, resolve to `resolved`.

    What a command writes can't be told from its text. It is judged afterwards, by the tree.
    """
    if bounds.tools is not None and action.tool not in bounds.tools:
        return _deny("role", f"this role may not use {action.tool} tools")
    if action.tool is Tool.WRITE:
        return _write(bounds, resolved)
    return Decision(verdict=Verdict.ALLOW, rule="workspace", reason="inside what the task may do")


def _write(bounds: Bounds, resolved: tuple[str, ...]) -> Decision:
    allowed = (bounds.workspace, *bounds.own)
    if not bounds.may_write:
        inside = [path for path in resolved if _is_inside(path, bounds.workspace)]
        if inside or not resolved:
            return _deny("read-only", "this task may only read")
    if not resolved:
        return _deny("write-unknown", "the tool doesn't say which path it writes")
    for path in resolved:
        if not any(_is_inside(path, folder) for folder in allowed):
            return _deny("outside", f"{path} is outside the workspace")
        if _is_git(path, bounds.workspace):
            return _deny("git", f"{path} belongs to git's own files")
    return Decision(verdict=Verdict.ALLOW, rule="workspace", reason="a path of the workspace")


def _is_inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_git(path: str, workspace: str) -> bool:
    """Tell whether a path names git's files, in any case, for some file systems fold it."""
    inside = posixpath.relpath(path, workspace)
    return any(part.casefold() == ".git" for part in inside.split("/"))


def _deny(rule: str, reason: str) -> Decision:
    return Decision(verdict=Verdict.DENY, rule=rule, reason=reason)
