"""One vocabulary for the tools of all agents: what a tool call does, and to which paths."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deputize.model.policy import Action, Tool

if TYPE_CHECKING:
    from deputize.model.policy import Decision

SUMMARY_LENGTH = 200
MOST_PATHS = 500
"""Paths of one call that are looked at; a call with more of them is shortened for the record."""

_NAMES: Mapping[Tool, str] = {
    Tool.SHELL: "bash shell exec exec_command shell_command run_shell_command run_terminal_command"
    " powershell local_shell developer__shell write_bash write_powershell write_stdin terminal",
    Tool.WRITE: "create edit write write_file create_file edit_file replace str_replace insert"
    " str_replace_editor str_replace_based_edit_tool multiedit multi_edit notebookedit apply_patch"
    " delete delete_file move move_file rename text_editor developer__text_editor",
    Tool.READ: "view read read_file read_many_files grep glob ls tree list_directory list_files"
    " rg search grep_search search_file_content read_bash list_bash stop_bash read_powershell"
    " list_powershell stop_powershell view_image read_image analyze semantic_code_search lsp",
    Tool.NETWORK: "web_fetch webfetch fetch web_search websearch google_web_search fetch_url",
    Tool.MEMORY: "store_memory save_memory remember memory vote_memory",
}
TOOLS: Mapping[str, Tool] = MappingProxyType(
    {name: tool for tool, names in _NAMES.items() for name in names.split()}
)
"""Tools by the names that Copilot, Claude, Codex, Gemini, goose and OpenCode give them."""

KINDS: Mapping[str, Tool] = MappingProxyType(
    {
        "read": Tool.READ,
        "search": Tool.READ,
        "edit": Tool.WRITE,
        "delete": Tool.WRITE,
        "move": Tool.WRITE,
        "execute": Tool.SHELL,
        "fetch": Tool.NETWORK,
    }
)
"""The tool kinds of the Agent Client Protocol that say what a call does."""

PATH_KEYS = frozenset(
    {
        *("path", "paths", "file", "files", "file_path", "filepath", "filename", "file_name"),
        *("absolute_path", "target_file", "old_path", "new_path", "notebook_path"),
        *("directory", "dir", "source", "destination", "target"),
    }
)
"""Arguments that name paths, in lower case."""
COMMAND_KEYS = ("command", "cmd", "fullcommandtext", "script")
URL_KEYS = ("url", "uri", "query")
HOST_KEYS = ("url", "urls", "uri", "host", "domain")
PATCH_KEYS = ("patch", "input", "diff")
PATCH_MARKS = ("*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: ")


def tool_of(name: str, kind: str | None = None) -> Tool:
    """Tell what a tool does, by its name, else by its kind in the Agent Client Protocol."""
    lowered = name.lower()
    known = TOOLS.get(lowered) or KINDS.get((kind or "").lower())
    if known is not None:
        return known
    return Tool.MCP if "__" in lowered or "-" in lowered else Tool.OTHER


def action_of(
    name: str,
    arguments: object,
    *,
    kind: str | None = None,
    title: str | None = None,
    paths: tuple[str, ...] = (),
) -> Action:
    """Put a tool call into our vocabulary; `paths` are those that the agent names besides."""
    given = _as_mapping(arguments)
    tool = tool_of(name, kind)
    command = _command(given) if tool in {Tool.SHELL, Tool.OTHER} else None
    found = tuple(dict.fromkeys((*paths, *_paths(given))))[:MOST_PATHS]
    told = command or ", ".join(found) or _first_text(given, URL_KEYS) or title or ""
    written = _compact(given)
    return Action(
        tool=tool,
        name=one_line(name),
        summary=one_line(told or written),
        paths=found,
        command=command,
        arguments=written,
        hosts=tuple(_hosts(given)) if tool is Tool.NETWORK else (),
    )


def opened(name: str, arguments: object, decision: Decision) -> dict[str, object] | None:
    """Return what a tool is given with its relative paths made those that were decided.

    None where nothing changes: only tools that are known to read and write files have such paths.
    """
    if not isinstance(arguments, Mapping) or TOOLS.get(name.lower()) not in {Tool.READ, Tool.WRITE}:
        return None
    places = {path: place for path, place in decision.opens if _is_relative(path)}
    given = _as_mapping(arguments)
    made = {
        key: _placed(value, places) if key.lower() in PATH_KEYS else value
        for key, value in given.items()
    }
    return None if made == given else made


def _is_relative(path: str) -> bool:
    return not path.startswith("/") and path[:5].casefold() != "file:"


def _placed(value: object, places: Mapping[str, str]) -> object:
    if isinstance(value, list):
        return [_placed(item, places) for item in value]
    return places.get(value, value) if isinstance(value, str) else value


def one_line(text: str, length: int = SUMMARY_LENGTH) -> str:
    """Return text as one line of printable characters, shortened."""
    cut = text[: length * 4]
    line = " ".join("".join(each if each.isprintable() else " " for each in cut).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _as_mapping(arguments: object) -> dict[str, object]:
    if isinstance(arguments, Mapping):
        return {str(key): value for key, value in arguments.items()}
    return {} if arguments is None else {"input": arguments}


def _command(given: Mapping[str, object]) -> str | None:
    for key, value in given.items():
        if key.lower().replace("_", "") in COMMAND_KEYS:
            if isinstance(value, str):
                return value
            if isinstance(value, list) and all(isinstance(part, str) for part in value):
                return shlex.join(value)
    return None


def _paths(given: Mapping[str, object]) -> Iterator[str]:
    for key, value in given.items():
        lowered = key.lower()
        if lowered in PATH_KEYS:
            yield from _texts(value)
        elif lowered == "changes" and isinstance(value, Mapping):
            yield from _texts(list(value))
        elif lowered in PATCH_KEYS and isinstance(value, str):
            yield from _patched(value)


def _texts(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item:
            yield item


def _patched(patch: str) -> Iterator[str]:
    """Yield the paths of a patch in the form that `apply_patch` tools take."""
    for line in patch.splitlines():
        for mark in PATCH_MARKS:
            if line.startswith(mark):
                yield line.removeprefix(mark).strip()


def _hosts(given: Mapping[str, object]) -> Iterator[str]:
    """Yield the hosts of addresses; what can't be read as one stands as it is: it fits no list."""
    for key, value in given.items():
        if key.lower() in HOST_KEYS:
            yield from map(_host, _texts(value))


def _host(address: str) -> str:
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname
    except ValueError:
        host = None
    return (host or address).casefold()


def _first_text(given: Mapping[str, object], keys: tuple[str, ...]) -> str | None:
    values = (given.get(key) for key in keys)
    return next((value for value in values if isinstance(value, str)), None)


def _compact(given: Mapping[str, object]) -> str:
    try:
        return json.dumps(given, ensure_ascii=False, default=str) if given else ""
    except (ValueError, RecursionError):
        return ""
