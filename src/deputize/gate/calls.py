"""What one rule of a policy says of a call: its tool, arguments, command and hosts. Pure."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deputize.gate.patterns import SEARCH_SECONDS, Endless, first_found
from deputize.model.policy import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.gate.commands import Line, Word
    from deputize.model.policy import Action
    from deputize.model.ruleset import Rule

    Said = tuple[str, str]
    """The key of the rule that says so, and why."""


def denied_by(rule: Rule, action: Action) -> Said | None:
    """Return why a rule says no to an action; None where it doesn't."""
    return next(_denials(rule, action), None)


def asked_by(rule: Rule, action: Action) -> Said | None:
    """Return why a rule wants a person to be asked about an action; None where it doesn't."""
    return next(_questions(rule, action), None)


def _denials(rule: Rule, action: Action) -> Iterator[Said]:
    if entry := _entry(rule.blocked_tools, action):
        yield f"{rule.name}.blocked_tools", f"{entry} tools are blocked"
    if rule.blocked_patterns:
        yield from _blocked_arguments(rule, action)
    if rule.allowed_tools and not _entry(rule.allowed_tools, action):
        yield f"{rule.name}.allowed_tools", f"{action.tool} tool {action.name} is not allowed"
    if rule.hosts and action.tool is Tool.NETWORK:
        yield from _foreign_hosts(rule, action)
    if (rule.allowed_commands or rule.blocked_commands) and _runs(action):
        yield from _denied_commands(rule, action)


def _questions(rule: Rule, action: Action) -> Iterator[Said]:
    if entry := _entry(rule.ask_tools, action):
        yield f"{rule.name}.ask_tools", f"a person is asked about {entry} tools"
    if rule.ask_commands and _runs(action):
        line = _line(action)
        if doubt := _unreadable(line):
            yield f"{rule.name}.ask_commands", f"nobody can tell what the command runs: {doubt}"
        if found := _found(rule.ask_commands, line):
            yield f"{rule.name}.ask_commands", f"a person is asked about `{found}`"


def _entry(entries: tuple[str, ...], action: Action) -> str | None:
    """Return the entry that a call fits: a kind of tool, or the agent's own name of one."""
    kinds = frozenset(Tool)
    for entry in entries:
        if entry == action.tool if entry in kinds else fnmatchcase(action.name, entry):
            return entry
    return None


def _blocked_arguments(rule: Rule, action: Action) -> Iterator[Said]:
    key = f"{rule.name}.blocked_patterns"
    try:
        if pattern := first_found(rule.blocked_patterns, action.arguments):
            yield key, f"its arguments fit {pattern!r}"
    except Endless as endless:
        yield key, f"{endless.args[0]!r} was not searched for within {SEARCH_SECONDS:g} s"


def _foreign_hosts(rule: Rule, action: Action) -> Iterator[Said]:
    key = f"{rule.name}.hosts"
    if not action.hosts:
        yield key, "the tool doesn't say which host it speaks to"
    for host in action.hosts:
        if not any(fnmatchcase(host, pattern.casefold()) for pattern in rule.hosts):
            yield key, f"{host} is none of the allowed hosts"


def _runs(action: Action) -> bool:
    return action.tool is Tool.SHELL or action.command is not None


def _line(action: Action) -> Line | None:
    from deputize.gate.commands import read_line

    return None if action.command is None else read_line(action.command)


def _unreadable(line: Line | None) -> str | None:
    """Say why it can't be told which programs a command runs."""
    if line is None:
        return "the tool doesn't say"
    dark = not line.programs or any(words[:1] == (None,) for words in line.programs)
    return line.doubt if dark else None


def _denied_commands(rule: Rule, action: Action) -> Iterator[Said]:
    line = _line(action)
    if rule.blocked_commands:
        key = f"{rule.name}.blocked_commands"
        if doubt := _unreadable(line):
            yield key, f"nobody can tell what the command runs: {doubt}"
        if found := _found(rule.blocked_commands, line):
            yield key, f"`{found}` is blocked"
    if rule.allowed_commands:
        key = f"{rule.name}.allowed_commands"
        doubt = "the tool doesn't say what it runs" if line is None else line.doubt
        if line is None or doubt:
            yield key, f"only plain commands are allowed here: {doubt}"
            return
        for words in line.programs:
            if not _allowed(rule.allowed_commands, words):
                yield key, f"`{_shown(words)}` is not allowed"


def _allowed(entries: tuple[str, ...], words: tuple[Word, ...]) -> bool:
    from deputize.gate.commands import begins

    return any(begins(words, tuple(shlex.split(entry))) for entry in entries)


def _found(entries: tuple[str, ...], line: Line | None) -> str | None:
    """Return the entry that one of the programs of a line is, by whatever path it is named."""
    from deputize.gate.commands import begins

    for words in line.unwrapped if line else ():
        name = None if words[0] is None else words[0].rpartition("/")[2]
        for entry in entries:
            wanted = tuple(shlex.split(entry))
            if begins(words, wanted) or begins((name, *words[1:]), wanted):
                return entry
    return None


def _shown(words: tuple[Word, ...]) -> str:
    return " ".join("…" if word is None else word for word in words)[:200]
