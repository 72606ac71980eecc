"""Which of the agent's own tools does what a script's step is for.

Tools and arguments are found by the names that Copilot, Claude, Codex, Gemini, goose and OpenCode
give them, in what a request advertises; where no file tool fits, a shell command does the same.
"""

from __future__ import annotations

import secrets
import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from deputize.demo.model.answer import ToolCall
from deputize.demo.model.conversation import Conversation, Tool
from deputize.demo.model.script import (
    WORKSPACE,
    CallTool,
    EditFile,
    FetchAddress,
    ReadFile,
    RunShell,
    Step,
    WriteFile,
)
from deputize.demo.model.shapes import an_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHELL_TOOLS = (
    "bash",
    "Bash",
    "exec_command",
    "shell_command",
    "run_shell_command",
    "shell",
    "developer__shell",
)
WRITE_TOOLS = ("create", "Write", "write", "write_file", "create_file")
EDIT_TOOLS = ("edit", "Edit", "replace", "str_replace")
READ_TOOLS = ("view", "Read", "read", "read_file")
FETCH_TOOLS = ("web_fetch", "WebFetch", "webfetch", "fetch")
PATCH_TOOL = "apply_patch"

ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "path": ("path", "file_path", "filePath", "absolute_path"),
    "content": ("file_text", "content", "contents"),
    "old": ("old_str", "old_string", "oldString", "before"),
    "new": ("new_str", "new_string", "newString", "after"),
    "command": ("command", "cmd"),
    "url": ("url",),
}
"""What agents call the arguments of these tools."""

NEUTRAL: Mapping[str, object] = {
    "integer": 10,
    "number": 10,
    "boolean": False,
    "array": [],
    "object": {},
}
"""A harmless value, by JSON Schema type, for an argument that a tool requires besides."""

EDIT_PROGRAM = (
    "import os,pathlib,sys;"
    "p=pathlib.Path(sys.argv[1]);t=p.read_bytes();o,n=map(os.fsencode,sys.argv[2:]);"
    "sys.exit('not found exactly once') if t.count(o)!=1 else p.write_bytes(t.replace(o,n))"
)


def calls_for(steps: Iterable[Step], conversation: Conversation) -> tuple[ToolCall, ...]:
    """Return the tool calls that carry out `steps`; a step no offered tool fits is left out."""
    calls = (_call_for(step, conversation) for step in steps)
    return tuple(call for call in calls if call is not None)


def _call_for(step: Step, conversation: Conversation) -> ToolCall | None:
    match step:
        case WriteFile():
            return _write(step, conversation) or _shell(_writing_command(step), conversation)
        case EditFile():
            return _edit(step, conversation) or _shell(_editing_command(step), conversation)
        case ReadFile():
            command = f"cat -- {_quoted(step.path)}"
            return _read(step, conversation) or _shell(command, conversation)
        case FetchAddress():
            return _fetch(step, conversation)
        case RunShell():
            return _shell(step.command, conversation)
        case CallTool():
            return _named(step, conversation)


def _write(step: WriteFile, conversation: Conversation) -> ToolCall | None:
    if (path := _absolute(step.path, conversation)) is None:
        return None
    if tool := _first(WRITE_TOOLS, conversation):
        return _call(tool, _filled(tool, {"path": path, "content": step.content}))
    patch = _first((PATCH_TOOL,), conversation)
    if patch and patch.is_freeform and step.content.endswith("\n"):
        return _call(patch, _added_file(path, step.content))
    return None


def _edit(step: EditFile, conversation: Conversation) -> ToolCall | None:
    path, tool = _absolute(step.path, conversation), _first(EDIT_TOOLS, conversation)
    if path is None or tool is None:
        return None
    return _call(tool, _filled(tool, {"path": path, "old": step.old, "new": step.new}))


def _read(step: ReadFile, conversation: Conversation) -> ToolCall | None:
    path, tool = _absolute(step.path, conversation), _first(READ_TOOLS, conversation)
    return None if path is None or tool is None else _call(tool, _filled(tool, {"path": path}))


def _fetch(step: FetchAddress, conversation: Conversation) -> ToolCall | None:
    if tool := _first(FETCH_TOOLS, conversation):
        return _call(tool, _filled(tool, {"url": step.url}))
    program = "import sys,urllib.request as r;print(r.urlopen(sys.argv[1]).read().decode())"
    return _shell(shlex.join(("python3", "-c", program, step.url)), conversation)


def _shell(command: str, conversation: Conversation) -> ToolCall | None:
    tool = _first(SHELL_TOOLS, conversation)
    if tool is None:
        return None
    command = command.replace(WORKSPACE, conversation.workspace or ".")
    return _call(tool, _filled(tool, {"command": command}))


def _named(step: CallTool, conversation: Conversation) -> ToolCall:
    """Call the tool of that name even where it isn't offered: what follows is the agent's test."""
    workspace = conversation.workspace or "."
    tool = _first((step.name,), conversation) or Tool(name=step.name)
    if isinstance(step.arguments, str):
        return _call(tool, step.arguments.replace(WORKSPACE, workspace))
    arguments = {
        name: value.replace(WORKSPACE, workspace) if isinstance(value, str) else value
        for name, value in step.arguments.items()
    }
    return _call(tool, arguments)


def _first(names: Iterable[str], conversation: Conversation) -> Tool | None:
    offered = {tool.name: tool for tool in conversation.tools}
    return next((offered[name] for name in names if name in offered), None)


def _call(tool: Tool, arguments: Mapping[str, object] | str) -> ToolCall:
    return ToolCall(id=secrets.token_hex(8), tool=tool, arguments=arguments)


def _absolute(path: str, conversation: Conversation) -> str | None:
    """Return a path as file tools want it, or None where the workspace isn't known."""
    if WORKSPACE in path and conversation.workspace is None:
        return None
    path = path.replace(WORKSPACE, conversation.workspace or "")
    if path.startswith("/"):
        return path
    return conversation.workspace and f"{conversation.workspace}/{path}"


def _filled(tool: Tool, values: Mapping[str, str]) -> dict[str, object]:
    """Return arguments for a tool: `values` under the tool's names, the rest of them harmless."""
    offered = an_object(tool.schema.get("properties"))
    known = {name: meaning for meaning, names in ARGUMENTS.items() for name in names}
    arguments: dict[str, object] = {
        name: _typed(values[known[name]], an_object(schema))
        for name, schema in offered.items()
        if known.get(name) in values
    }
    required = tool.schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in arguments:
            arguments[name] = _neutral(an_object(offered.get(name)))
    return arguments


def _typed(value: str, schema: Mapping[str, object]) -> object:
    """Return a command as the argument list that some tools take in place of a text."""
    return ["bash", "-lc", value] if schema.get("type") == "array" else value


def _neutral(schema: Mapping[str, object]) -> object:
    choices = schema.get("enum")
    if isinstance(choices, list) and choices:
        return choices[0]
    return NEUTRAL.get(str(schema.get("type")), "scripted")


def _added_file(path: str, content: str) -> str:
    """Return a file as the patch text that Codex's `apply_patch` takes."""
    lines = "".join(f"+{line}\n" for line in content.removesuffix("\n").split("\n"))
    return f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n"


def _writing_command(step: WriteFile) -> str:
    path = PurePosixPath(step.path)
    folder, file = _quoted(str(path.parent)), _quoted(str(path))
    return f"mkdir -p -- {folder} && printf '%s' {shlex.quote(step.content)} > {file}"


def _editing_command(step: EditFile) -> str:
    arguments = (EDIT_PROGRAM, step.path.replace(WORKSPACE, "."), step.old, step.new)
    return f"python3 -c {shlex.join(arguments)}"


def _quoted(path: str) -> str:
    return shlex.quote(path.replace(WORKSPACE, "."))
