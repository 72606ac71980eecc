"""One vocabulary for the tools of all agents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.agents.vocabulary import SUMMARY_LENGTH, action_of, one_line, tool_of
from deputize.model.policy import Tool

PATCH = "*** Begin Patch\n*** Add File: a.py\n+x\n*** Update File: b.py\n*** End Patch\n"


@pytest.mark.parametrize(
    ("name", "kind", "tool"),
    [
        ("bash", None, Tool.SHELL),
        ("Bash", None, Tool.SHELL),
        ("create", None, Tool.WRITE),
        ("Edit", "other", Tool.WRITE),
        ("view", None, Tool.READ),
        ("web_fetch", None, Tool.NETWORK),
        ("store_memory", None, Tool.MEMORY),
        ("mcp__echo__shout", None, Tool.MCP),
        ("echo-shout", None, Tool.MCP),
        ("task", None, Tool.OTHER),
        ("mystery", "execute", Tool.SHELL),
        ("mystery", "delete", Tool.WRITE),
        ("mystery", "think", Tool.OTHER),
        ("view", "edit", Tool.READ),
    ],
)
def test_a_tool_is_known_by_name_else_by_kind(name: str, kind: str | None, tool: Tool) -> None:
    """Names of all agents' tools, in any case, come before the protocol's kinds."""
    assert tool_of(name, kind) is tool


@pytest.mark.parametrize(
    ("name", "arguments", "paths"),
    [
        ("create", {"path": "a.py", "file_text": "x"}, ("a.py",)),
        ("Write", {"file_path": "/w/a.py"}, ("/w/a.py",)),
        ("edit", {"fileName": "a.py", "diff": PATCH}, ("a.py", "b.py")),
        ("apply_patch", PATCH, ("a.py", "b.py")),
        ("edit", {"changes": {"a.py": {}, "b.py": {}}}, ("a.py", "b.py")),
        ("read_many_files", {"paths": ["a", 3, "b"]}, ("a", "b")),
        ("move", {"source": "a", "destination": "b"}, ("a", "b")),
        ("create", {"path": None}, ()),
        ("create", None, ()),
        ("create", ["a.py"], ()),
    ],
)
def test_the_paths_of_a_call_are_found(
    name: str, arguments: object, paths: tuple[str, ...]
) -> None:
    """Whatever an agent calls the argument, the path that it writes is seen."""
    assert sorted(action_of(name, arguments).paths) == sorted(paths)


def test_a_command_is_told_as_it_is_run() -> None:
    """A command, as a text or as a list, is the action's command and its summary."""
    assert action_of("bash", {"command": "ls -l\nrm x"}).command == "ls -l\nrm x"
    assert action_of("bash", {"command": "ls -l\nrm x"}).summary == "ls -l rm x"
    assert action_of("exec_command", {"cmd": ["ls", "a b"]}).command == "ls 'a b'"


def test_a_summary_is_one_short_printable_line() -> None:
    """Escape sequences, line ends and length don't get through."""
    summary = action_of("bash", {"command": "echo \x1b[31mred\x07\n" + "x" * 5000}).summary
    assert summary.isprintable()
    assert len(summary) == SUMMARY_LENGTH


@given(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)
def test_no_arguments_break_it(name: str, arguments: object) -> None:
    """Any JSON as arguments gives an action."""
    action = action_of(name, arguments)
    assert all(isinstance(path, str) for path in action.paths)
    assert one_line(action.summary) == action.summary
