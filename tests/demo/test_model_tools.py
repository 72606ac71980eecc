"""A script's steps become calls of the tools that each agent program really offers."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model.conversation import Conversation, Tool, Transcript
from deputize.demo.model.script import (
    CallTool,
    EditFile,
    FetchAddress,
    ReadFile,
    RunShell,
    Step,
    WriteFile,
)
from deputize.demo.model.tools import calls_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def _tool(name: str, required: str, optional: str = "") -> Tool:
    """Make a tool of text arguments."""
    names = [*required.split(), *optional.split()]
    properties = {name: {"type": "string"} for name in names}
    return Tool(name=name, schema={"properties": properties, "required": required.split()})


COPILOT = (
    _tool("bash", "command description", "shellId"),
    _tool("view", "path"),
    _tool("create", "path file_text"),
    _tool("edit", "path", "old_str new_str"),
)
CLAUDE = (
    _tool("Bash", "command", "description"),
    _tool("Edit", "file_path old_string new_string"),
    _tool("Write", "file_path content"),
)
GOOSE = (
    _tool("write", "path content"),
    _tool("edit", "path before after"),
    _tool("shell", "command"),
)
GEMINI = (
    _tool("replace", "file_path old_string new_string"),
    _tool("write_file", "file_path content"),
    _tool("run_shell_command", "command"),
)
OPENCODE = (
    _tool("bash", "command description"),
    _tool("edit", "filePath oldString newString"),
    _tool("write", "filePath content"),
)
CODEX = (_tool("exec_command", "cmd", "workdir"), Tool(name="apply_patch", is_freeform=True))
ONLY_SHELL = (_tool("bash", "command"),)

WRITE = WriteFile(path="a/b.txt", content="one\ntwo\n")
EDIT = EditFile(path="{workspace}/a.txt", old="one", new="two")
SHELL = RunShell(command="cd {workspace} && ls")
PATCH = "*** Begin Patch\n*** Add File: /w/a/b.txt\n+one\n+two\n*** End Patch\n"
PATHS = ("/w/a/b.txt", "/w/a.txt")


def _conversation(tools: tuple[Tool, ...], workspace: str | None = "/w") -> Conversation:
    return Conversation(
        model="m", system="", turns=(), tools=tools, workspace=workspace, is_streaming=False
    )


def _made(
    step: Step, tools: tuple[Tool, ...], workspace: str | None = "/w"
) -> tuple[str, Mapping[str, object] | str]:
    (call,) = calls_for([step], _conversation(tools, workspace))
    return call.tool.name, call.arguments


@pytest.mark.parametrize(
    ("step", "tools", "expected"),
    [
        (WRITE, COPILOT, ("create", {"path": PATHS[0], "file_text": "one\ntwo\n"})),
        (WRITE, CLAUDE, ("Write", {"file_path": PATHS[0], "content": "one\ntwo\n"})),
        (WRITE, GOOSE, ("write", {"path": PATHS[0], "content": "one\ntwo\n"})),
        (WRITE, GEMINI, ("write_file", {"file_path": PATHS[0], "content": "one\ntwo\n"})),
        (WRITE, OPENCODE, ("write", {"filePath": PATHS[0], "content": "one\ntwo\n"})),
        (WRITE, CODEX, ("apply_patch", PATCH)),
        (EDIT, COPILOT, ("edit", {"path": PATHS[1], "old_str": "one", "new_str": "two"})),
        (EDIT, CLAUDE, ("Edit", {"file_path": PATHS[1], "old_string": "one", "new_string": "two"})),
        (EDIT, GOOSE, ("edit", {"path": PATHS[1], "before": "one", "after": "two"})),
        (
            EDIT,
            GEMINI,
            ("replace", {"file_path": PATHS[1], "old_string": "one", "new_string": "two"}),
        ),
        (EDIT, OPENCODE, ("edit", {"filePath": PATHS[1], "oldString": "one", "newString": "two"})),
        (SHELL, COPILOT, ("bash", {"command": "cd /w && ls", "description": "scripted"})),
        (SHELL, CLAUDE, ("Bash", {"command": "cd /w && ls"})),
        (SHELL, GOOSE, ("shell", {"command": "cd /w && ls"})),
        (SHELL, GEMINI, ("run_shell_command", {"command": "cd /w && ls"})),
        (SHELL, CODEX, ("exec_command", {"cmd": "cd /w && ls"})),
    ],
)
def test_steps_fit_the_agents_own_tools(
    step: Step, tools: tuple[Tool, ...], expected: tuple[str, object]
) -> None:
    """Names of tools and arguments are those that the program advertises."""
    assert _made(step, tools) == expected


def test_a_named_tool_is_called_as_written() -> None:
    """A raw call keeps its arguments but for the workspace, whether the tool is offered or not."""
    step = CallTool(name="other", arguments={"at": "{workspace}/x", "count": 3})
    assert _made(step, COPILOT) == ("other", {"at": "/w/x", "count": 3})
    step = CallTool(name="apply_patch", arguments="in {workspace}")
    assert _made(step, CODEX) == ("apply_patch", "in /w")


def test_steps_without_any_fitting_tool_are_left_out() -> None:
    """An agent that can only look things up is not asked to write."""
    assert calls_for([WRITE, EDIT, SHELL], _conversation((_tool("view", "path"),))) == ()


def test_required_arguments_are_filled_in() -> None:
    """What a tool wants besides gets a harmless value of the right type."""
    schema = {
        "properties": {
            "command": {"type": "array"},
            "mode": {"type": "string", "enum": ["sync", "async"]},
            "wait": {"type": "integer"},
            "quiet": {"type": "boolean"},
        },
        "required": ["command", "mode", "wait", "quiet", "unheard", 7],
    }
    assert _made(RunShell(command="ls"), (Tool(name="shell", schema=schema),))[1] == {
        "command": ["bash", "-lc", "ls"],
        "mode": "sync",
        "wait": 10,
        "quiet": False,
        "unheard": "scripted",
    }


@pytest.mark.parametrize(
    "content", ["plain\n", "no end of line", "it's $HOME `ls` \\n %s\n'''\n", "", "ß\n\n"]
)
@pytest.mark.parametrize("path", ["new/deep/a b.txt", "{workspace}/-dash.txt"])
def test_files_are_written_by_shell_where_the_folder_is_unknown(
    tmp_path: Path, content: str, path: str
) -> None:
    """Without a workspace to make a path absolute, a command writes exactly the same bytes."""
    _, arguments = _made(WriteFile(path=path, content=content), COPILOT, None)
    _run(arguments, tmp_path)
    assert (tmp_path / path.removeprefix("{workspace}/")).read_bytes() == content.encode()


def test_files_are_edited_by_shell_where_there_is_no_edit_tool(tmp_path: Path) -> None:
    """An agent that has only a shell edits with it, and fails where the place isn't unique."""
    (tmp_path / "a.txt").write_text("it's one\nand $two\n", encoding="utf-8")
    edit = EditFile(path="{workspace}/a.txt", old="it's one\nand", new="now \\1 'two'\nor")
    _run(_made(edit, ONLY_SHELL, None)[1], tmp_path)
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "now \\1 'two'\nor $two\n"
    with pytest.raises(subprocess.CalledProcessError):
        _run(_made(EditFile(path="a.txt", old="o", new="x"), ONLY_SHELL)[1], tmp_path)


def _run(arguments: Mapping[str, object] | str, folder: Path) -> None:
    assert isinstance(arguments, dict)
    command = ["bash", "-c", str(arguments["command"])]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@pytest.mark.parametrize(
    ("system", "said", "expected"),
    [
        ("* Current working directory: /srv/w\n* more", ["x"], "/srv/w"),
        (" - Primary working directory: /srv/my work \n", ["x"], "/srv/my work"),
        ("", ["<environment_context>\n <cwd>/srv/w</cwd></environment_context>", "x"], "/srv/w"),
        ("", ["x\n<turn-context><working-directory>/w/</working-directory></turn-context>"], "/w"),
        ("Current working directory: /old", ["Working directory: /new"], "/new"),
        ("", ["write /no/such/folder then /usr/bin, please"], "/usr/bin"),
        ("see /usr/bin", ["nothing at /no/such/folder or https://host/usr/bin"], None),
        ("", ["/" + "x" * 5000], None),
    ],
)
def test_the_workspace_is_found_where_agents_state_it(
    system: str, said: list[str], expected: str | None
) -> None:
    """Each program says differently where it works; an existing folder in the prompt may do."""
    transcript = Transcript()
    transcript.add_system(system)
    for text in said:
        transcript.add_user(text)
    assert transcript.workspace() == expected


def test_arguments_are_sent_as_json() -> None:
    """Arguments of a tool with a schema are JSON, those of a free-form tool the text itself."""
    (call,) = calls_for([SHELL], _conversation(GOOSE))
    assert json.loads(call.arguments_text) == {"command": "cd /w && ls"}
    (call,) = calls_for([WRITE], _conversation(CODEX))
    assert call.arguments_text == PATCH


READ = ReadFile(path="{workspace}/../outside.txt")
FETCH = FetchAddress(url="https://example.org/x")


@pytest.mark.parametrize(
    ("step", "tool", "argument", "value"),
    [
        (READ, "view", "path", "/w/../outside.txt"),
        (READ, "Read", "file_path", "/w/../outside.txt"),
        (FETCH, "web_fetch", "url", "https://example.org/x"),
        (FETCH, "WebFetch", "url", "https://example.org/x"),
    ],
)
def test_reading_and_asking_go_by_the_agents_own_tools(
    step: Step, tool: str, argument: str, value: str
) -> None:
    """Under the names that it gives them."""
    offered = Tool(name=tool, schema={"properties": {argument: {"type": "string"}}})
    (call,) = calls_for((step,), _conversation((offered,)))
    assert (call.tool.name, call.arguments) == (tool, {argument: value})


@pytest.mark.parametrize(("step", "word"), [(READ, "cat"), (FETCH, "urllib")])
def test_without_such_a_tool_a_command_does_it(step: Step, word: str) -> None:
    """As for writing and editing."""
    shell = Tool(name="bash", schema={"properties": {"command": {"type": "string"}}})
    (call,) = calls_for((step,), _conversation((shell,)))
    assert isinstance(call.arguments, dict)
    assert word in str(call.arguments["command"])
