"""The verbs about the policy, as a person types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine

POLICY = """
[policy]
blocked_commands = ["rm"]
ask_tools = ["network"]
[[policy.rules]]
name = "inspectors only look"
roles = ["inspector"]
allowed_commands = ["ls"]
"""


@pytest.mark.parametrize(
    ("call", "code", "verdict", "rule"),
    [
        ("shell: ls", 0, "allow", "workspace"),
        ("shell: ls && rm x", 4, "deny", "policy.blocked_commands"),
        ("write: ../x", 4, "deny", "outside"),
        ("read: ~/.ssh/id_rsa", 4, "deny", "hidden"),
        ("network: https://example.org", 75, "ask", "policy.ask_tools"),
        ('view: {"path": "a.py"}', 0, "allow", "workspace"),
    ],
)
def test_a_call_is_answered_with_its_rule(
    deputize: CommandLine, call: str, code: int, verdict: str, rule: str
) -> None:
    """In words and as JSON, and the exit code says it too; nothing is run."""
    deputize.configure(POLICY)
    said = deputize("policy", "test", call, "--json")
    assert (said.code, said.document["verdict"], said.document["rule"]) == (code, verdict, rule)
    in_words = deputize("policy", "test", call)
    assert in_words.code == code
    assert in_words.out.startswith(f"{verdict}  ")
    assert f"  {rule}: " in in_words.out


def test_what_holds_is_shown_for_a_role_and_for_a_task(deputize: CommandLine) -> None:
    """With each rule under its name; those that don't fit are left out."""
    deputize.configure(POLICY)
    writer = deputize("policy", "show", "--json").document
    assert [rule["name"] for rule in writer["rules"]] == ["policy"]
    assert writer["rules"][0]["blocked_commands"] == ["rm"]
    task = deputize("add", "-q", "--no-start", "--role", "inspector", "look").out.strip()
    shown = deputize("policy", "show", "--task", task, "--json").document
    assert (shown["task"], shown["role"], shown["may_write"]) == (int(task), "inspector", False)
    assert [rule["name"] for rule in shown["rules"]] == ["policy", "inspectors only look"]
    in_words = deputize("policy", "show", "--task", task).out
    assert "inspectors only look.allowed_commands  = ls" in in_words
    denied = deputize("policy", "test", "shell: cat x", "--task", task, "--json")
    assert (denied.code, denied.document["rule"]) == (4, "inspectors only look.allowed_commands")


def test_a_repository_that_narrows_is_named(deputize: CommandLine, project: Folder) -> None:
    """Its file counts as it is at the tip of the branch."""
    project.write("deputize.toml", "[policy]\nblocked_tools = ['mcp']\n")
    before = deputize("policy", "test", "x__y: {}")
    project.commit()
    after = deputize("policy", "test", "x__y: {}", "--json")
    assert (before.code, after.code) == (0, 4)
    assert after.document["rule"] == "deputize.toml (main) policy.blocked_tools"


def test_a_task_without_refusals_says_so(deputize: CommandLine) -> None:
    """And shows what holds for it."""
    task = deputize("add", "-q", "--no-start", "x").out.strip()
    assert deputize("policy", "explain", task, "--json").document["decisions"] == []
    assert "was refused nothing" in deputize("policy", "explain", task).err


@pytest.mark.parametrize(
    "words",
    [
        ("test", "rm -rf x"),
        ("test", ": x"),
        ("show", "--role", "nobody"),
        ("show", "--agent", "nobody"),
        ("show", "--task", "99"),
        ("show", "--task", "1", "--role", "writer"),
        ("show", "--repo", "/nowhere"),
        ("explain", "99"),
    ],
)
def test_a_question_about_nothing_is_refused_with_a_hint(
    deputize: CommandLine, words: tuple[str, ...]
) -> None:
    """With exit code 2, and what to type instead."""
    said = deputize("policy", *words)
    assert said.code == 2
    assert "hint: " in said.err


def test_who_does_not_ask_is_not_held_by_it(deputize: CommandLine) -> None:
    """The answer warns; and `add` refuses such a task where a rule is about its calls."""
    deputize.configure(POLICY + '[agents.toy]\nkind = "command"\ncommand = ["true"]\n')
    said = deputize("policy", "test", "shell: ls", "--agent", "toy")
    assert "does not ask before each tool call" in said.err
    refused = deputize("add", "-q", "--agent", "toy", "x")
    assert refused.code == 2
    assert "the policy has rules: agent toy can't be held to it" in refused.err


def test_a_task_names_the_only_commands_that_it_runs(deputize: CommandLine) -> None:
    """Besides what the policy allows; who can't be held to them is refused."""
    task = deputize(
        "add", "-q", "--no-start", "x", "--agent", "copilot", "--command", "git diff"
    ).out.strip()
    assert deputize("policy", "test", "shell: git diff x", "--task", task).code == 0
    denied = deputize("policy", "test", "shell: git push", "--task", task, "--json").document
    assert denied["rule"] == "task.allowed_commands"
    deputize.configure('[agents.toy]\nkind = "command"\ncommand = ["true"]\n')
    refused = deputize("add", "-q", "x", "--agent", "toy", "--command", "ls")
    assert (refused.code, "its commands are named" in refused.err) == (2, True)
    odd = deputize("add", "-q", "x", "--command", "git 'push")
    assert (odd.code, "must be words of a command" in odd.err) == (2, True)
