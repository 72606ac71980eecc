"""The policy: no beats ask beats yes, rules only narrow, and each answer names its rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.agents.vocabulary import action_of
from deputize.gate.ask import decided
from deputize.gate.decide import Bounds, decide
from deputize.gate.holding import in_workspace, secret_places
from deputize.model.policy import Action, Tool, Verdict
from deputize.model.ruleset import (
    Policy,
    PolicySettings,
    Profile,
    Rule,
    Subject,
    policy_for,
)

if TYPE_CHECKING:
    from pathlib import Path

ALLOW, DENY, ASK = Verdict.ALLOW, Verdict.DENY, Verdict.ASK
SUBJECT = Subject(role="writer", agent="copilot", kind="fix", places=("/srv/shop", "/srv/.git"))


def answer(
    workspace: Path, settings: PolicySettings, action: Action, profile: str | None = None
) -> tuple[Verdict, str]:
    """Decide a call by a policy; return the answer and its rule."""
    policy = in_workspace(policy_for(settings, SUBJECT, profile=profile), workspace)
    bounds = Bounds(
        workspace=str(workspace),
        may_write=True,
        policy=policy,
        hidden=secret_places(workspace, workspace.parent / "home"),
    )
    decision = decided(action, bounds)
    return decision.verdict, decision.rule


def shell(line: str) -> Action:
    """Make a call that runs a line."""
    return action_of("bash", {"command": line})


def write(path: str) -> Action:
    """Make a call that writes a file."""
    return action_of("edit", {"path": path})


def read(path: str) -> Action:
    """Make a call that reads a file."""
    return action_of("view", {"path": path})


def test_without_rules_the_profile_answers(tmp_path: Path) -> None:
    """A workspace may be written; a call that is allowed names the profile."""
    assert answer(tmp_path, PolicySettings(), write("a.py")) == (ALLOW, "workspace")
    assert answer(tmp_path, PolicySettings(), write("/etc/x")) == (DENY, "outside")
    assert answer(tmp_path, PolicySettings(), shell("rm -rf x")) == (ALLOW, "workspace")


def test_tools_are_named_by_kind_or_by_the_agents_name(tmp_path: Path) -> None:
    """A kind is one of ours; anything else is a name of the agent's, with `*`."""
    blocked = PolicySettings(blocked_tools=("network", "github__*"))
    fetch = action_of("web_fetch", {"url": "https://example.org"})
    push = action_of("github__create_issue", {})
    assert answer(tmp_path, blocked, fetch) == (DENY, "policy.blocked_tools")
    assert answer(tmp_path, blocked, push) == (DENY, "policy.blocked_tools")
    assert answer(tmp_path, blocked, read("a"))[0] is ALLOW
    only = PolicySettings(allowed_tools=("read", "github__get_*"))
    assert answer(tmp_path, only, read("a"))[0] is ALLOW
    assert answer(tmp_path, only, action_of("github__get_issue", {}))[0] is ALLOW
    assert answer(tmp_path, only, push) == (DENY, "policy.allowed_tools")
    assert answer(tmp_path, only, shell("ls")) == (DENY, "policy.allowed_tools")


def test_no_beats_ask_beats_yes(tmp_path: Path) -> None:
    """Wherever each is said."""
    settings = PolicySettings(
        allowed_tools=("shell",),
        ask_tools=("shell",),
        rules=(Rule(blocked_commands=("git push",)),),
    )
    assert answer(tmp_path, settings, shell("ls")) == (ASK, "policy.ask_tools")
    assert answer(tmp_path, settings, shell("git push")) == (
        DENY,
        "policy.rules.0.blocked_commands",
    )


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("pytest -q tests", ALLOW),
        ("git status && git log | pytest", ALLOW),
        ("bash -c 'pytest -x'", ALLOW),
        ("(pytest; git status)", ALLOW),
        ("pytest > out.txt 2>&1", ALLOW),
        ("pytest-evil", DENY),
        ("git push", DENY),
        ("pytest; rm -rf /", DENY),
        ("pytest | sh", DENY),
        ("pytest $(rm -rf x)", DENY),
        ("pytest `curl x`", DENY),
        ("pytest & nohup x", DENY),
        ("pytest\nrm x", DENY),
        ("PYTHONPATH=/tmp pytest", DENY),
        ("env pytest", DENY),
        ("$PYTEST", DENY),
        ("./pytest", DENY),
        ("eval 'pytest'", DENY),
        ("pytest <(rm x)", DENY),
        ("if ; then pytest", DENY),
        ("git status\\\n&& rm x", DENY),
    ],
)
def test_only_named_commands_run_where_some_are_allowed(
    tmp_path: Path, line: str, verdict: Verdict
) -> None:
    """In every part of a pipe or a list, by whole words, and never where a line isn't plain."""
    settings = PolicySettings(allowed_commands=("pytest", "git status", "git log"))
    rule = "workspace" if verdict is ALLOW else "policy.allowed_commands"
    assert answer(tmp_path, settings, shell(line)) == (verdict, rule)


@pytest.mark.parametrize(
    "line",
    [
        *("rm x", "/bin/rm -rf x", "ls && rm x", "sudo rm x", "xargs rm", "FOO=1 rm x"),
        *("echo $(rm x)", "bash -c 'rm x'", "$X", "if ; then", "cat <<E\n$(rm x)\nE"),
    ],
)
def test_a_blocked_command_is_found_wherever_it_hides(tmp_path: Path, line: str) -> None:
    """Or it can't be told what runs: that is blocked, too."""
    settings = PolicySettings(blocked_commands=("rm",))
    assert answer(tmp_path, settings, shell(line)) == (DENY, "policy.blocked_commands")
    assert answer(tmp_path, settings, shell("ls FOO=1 rm.txt"))[0] is ALLOW


def test_a_person_is_asked_about_commands_that_say_so(tmp_path: Path) -> None:
    """And about what nobody can read."""
    settings = PolicySettings(ask_commands=("git push",))
    for line in ("git push origin", "$X push", "cd x && git push"):
        assert answer(tmp_path, settings, shell(line)) == (ASK, "policy.ask_commands")
    assert answer(tmp_path, settings, shell("git pull"))[0] is ALLOW


def test_a_shell_that_does_not_say_what_it_runs_is_no_named_command(tmp_path: Path) -> None:
    """Where commands are named, a call without one is refused."""
    settings = PolicySettings(allowed_commands=("ls",))
    dark = Action(tool=Tool.SHELL, name="bash", summary="?")
    assert answer(tmp_path, settings, dark) == (DENY, "policy.allowed_commands")


def test_patterns_look_at_all_arguments(tmp_path: Path) -> None:
    """As JSON, of whatever tool."""
    settings = PolicySettings(blocked_patterns=(r"prod(uction)?-db",))
    call = action_of("query", {"deep": [{"host": "production-db"}]})
    assert answer(tmp_path, settings, call) == (DENY, "policy.blocked_patterns")
    assert answer(tmp_path, settings, action_of("query", {"host": "test-db"}))[0] is ALLOW


def test_a_pattern_that_takes_for_ever_is_a_no(tmp_path: Path) -> None:
    """It is given up after a while; nothing passes because it was too hard to look at."""
    settings = PolicySettings(blocked_patterns=(r"(a|aa)+$",))
    call = action_of("x", {"input": "a" * 5000 + "!"})
    verdict, rule = answer(tmp_path, settings, call)
    assert (verdict, rule) == (DENY, "policy.blocked_patterns")


def test_hosts_are_named(tmp_path: Path) -> None:
    """Without regard to case; what has no host fits no list."""
    settings = PolicySettings(hosts=("example.org", "*.example.com"))
    for address, verdict in (
        ("https://example.org/x", ALLOW),
        ("https://API.Example.com:8443", ALLOW),
        ("https://example.org.evil.net", DENY),
        ("https://example.org@evil.net/", DENY),
        ("http://169.254.169.254/", DENY),
        ("https://[::1", DENY),
    ):
        call = action_of("web_fetch", {"url": address})
        assert answer(tmp_path, settings, call)[0] is verdict, address
    assert answer(tmp_path, settings, action_of("web_search", {"query": "x"})) == (
        DENY,
        "policy.hosts",
    )


def test_secrets_are_not_read_unless_they_are_named(tmp_path: Path) -> None:
    """Nor is deputize's own home; a profile that trusts reads all."""
    workspace = tmp_path / "home" / "workspaces" / "t1"
    workspace.mkdir(parents=True)
    own = PolicySettings()
    bounds = secret_places(workspace, tmp_path / "home")
    assert str(tmp_path / "home") in bounds
    for path in ("~/.ssh/id_ed25519", "~/.aws/credentials", "/etc/shadow", "/proc/1/environ"):
        assert answer(workspace, own, read(path)) == (DENY, "hidden"), path
        assert answer(workspace, own, read(path), profile="trusted")[0] is ALLOW
    named = PolicySettings(readable=(".", "~/.aws"))
    assert answer(workspace, named, read("~/.aws/config"))[0] is ALLOW
    assert answer(workspace, named, read("~/.ssh/config"))[0] is DENY


def test_places_that_may_be_read_are_all_that_may(tmp_path: Path) -> None:
    """The workspace is always among them."""
    (tmp_path / "docs").mkdir()
    workspace = tmp_path / "w"
    workspace.mkdir()
    settings = PolicySettings(readable=(str(tmp_path / "docs"),))
    assert answer(workspace, settings, read("a.py"))[0] is ALLOW
    assert answer(workspace, settings, read("../docs/deep/x"))[0] is ALLOW
    assert answer(workspace, settings, read("../other")) == (DENY, "policy.readable")


def test_places_that_may_be_written_stand_for_the_workspace(tmp_path: Path) -> None:
    """Home may name places outside; a rule only takes from that."""
    workspace = tmp_path / "w"
    workspace.mkdir()
    notes = str(tmp_path / "notes")
    wide = PolicySettings(writable=(".", notes))
    assert answer(workspace, wide, write("a.py"))[0] is ALLOW
    assert answer(workspace, wide, write(f"{notes}/x"))[0] is ALLOW
    assert answer(workspace, wide, write("../other")) == (DENY, "policy.writable")
    narrow = wide._replace(rules=(Rule(name="docs only", writable=("docs/**", notes)),))
    assert answer(workspace, narrow, write("docs/a.md"))[0] is ALLOW
    assert answer(workspace, narrow, write("a.py")) == (DENY, "docs only.writable")
    wider = PolicySettings(rules=(Rule(writable=(notes,)),))
    assert answer(workspace, wider, write(f"{notes}/x")) == (DENY, "outside")
    assert answer(workspace, wide, write(".git/config")) == (DENY, "git")


def test_who_only_reads_writes_nothing(tmp_path: Path) -> None:
    """By no tool that says what it does."""
    settings = PolicySettings(profile="read-only")
    assert answer(tmp_path, settings, write("a.py")) == (DENY, "read-only")
    assert answer(tmp_path, settings, action_of("save_memory", {})) == (DENY, "read-only")
    assert answer(tmp_path, settings, action_of("mcp__x", {})) == (DENY, "read-only")
    assert answer(tmp_path, settings, read("a.py")) == (ALLOW, "read-only")


def test_who_is_trusted_writes_anywhere_but_in_git(tmp_path: Path) -> None:
    """What is blocked by name stays blocked."""
    settings = PolicySettings(profile="trusted", blocked_commands=("rm",))
    assert answer(tmp_path, settings, write("/srv/x")) == (ALLOW, "trusted")
    assert answer(tmp_path, settings, write(".git/hooks/x")) == (DENY, "git")
    assert answer(tmp_path, settings, shell("rm x"))[0] is DENY


def test_a_rule_holds_for_whom_it_names() -> None:
    """By role, agent, kind and repository, all of which have to fit."""
    assert Rule().fits(SUBJECT)
    assert Rule(roles=("tester", "writer")).fits(SUBJECT)
    assert not Rule(roles=("tester",)).fits(SUBJECT)
    assert not Rule(roles=("writer",), agents=("codex",)).fits(SUBJECT)
    assert not Rule(kinds=("docs",)).fits(SUBJECT)
    assert Rule(repositories=("/srv/*",)).fits(SUBJECT)
    assert Rule(repositories=("/srv/.git",)).fits(SUBJECT)
    assert not Rule(repositories=("/home/*",)).fits(SUBJECT)


def test_the_strictest_profile_holds() -> None:
    """A role's stands for the one of all; rules and repositories only make it stricter."""

    def profile(settings: PolicySettings, role: str | None = None) -> Profile:
        return policy_for(settings, SUBJECT, profile=role).profile

    assert profile(PolicySettings(), "trusted") is Profile.TRUSTED
    strict = Rule(profile="read-only")
    loose = Rule(profile="trusted")
    assert profile(PolicySettings(rules=(loose,))) is Profile.WORKSPACE
    assert profile(PolicySettings(rules=(strict,)), "trusted") is Profile.READ_ONLY


def test_a_repository_narrows_and_says_who_it_is() -> None:
    """Each of its restrictions becomes one more rule, whatever home allows."""
    theirs = PolicySettings(
        profile="trusted", allowed_commands=("make",), rules=(Rule(blocked_tools=("mcp",)),)
    )
    settings = PolicySettings(allowed_commands=("pytest",)).narrowed(
        theirs, "deputize.toml (main)", profile="trusted"
    )
    policy = policy_for(settings, SUBJECT)
    names = [rule.name for rule in policy.rules]
    assert names == [
        "policy",
        "deputize.toml (main) policy",
        "deputize.toml (main) policy.rules.0",
    ]
    assert policy.profile is Profile.WORKSPACE
    assert policy.base.allowed_commands == ("pytest",)


def test_a_task_s_own_commands_narrow_what_the_policy_allows(tmp_path: Path) -> None:
    """Both have to fit."""
    subject = SUBJECT._replace(commands=("git", "ls"))
    policy = policy_for(PolicySettings(allowed_commands=("git status", "ls", "rm")), subject)
    bounds = Bounds(workspace=str(tmp_path), may_write=True, policy=policy)
    assert decide(shell("git status"), bounds, ()).verdict is ALLOW
    assert decide(shell("git push"), bounds, ()).rule == "policy.allowed_commands"
    assert decide(shell("rm x"), bounds, ()).rule == "task.allowed_commands"


def test_what_only_places_and_profiles_say_needs_no_agent_that_asks() -> None:
    """An agent that can't be asked is refused where calls are restricted, not otherwise."""
    assert not Policy(rules=(Rule(name="x", profile="read-only", roles=("a",)),)).restricts_calls
    assert Policy(rules=(Rule(blocked_tools=("mcp",)),)).restricts_calls


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("pytest > out.txt 2>&1", "workspace"),
        ("pytest > /dev/null 2>/dev/null", "workspace"),
        ("pytest > ../out.txt", "outside"),
        ("pytest >> ~/.bashrc", "write-unknown"),
        ("pytest > $X", "write-unknown"),
        ("pytest > .git/config", "git"),
        ("pytest > link/x", "outside"),
    ],
)
def test_where_output_goes_is_held_where_commands_are_named(
    tmp_path: Path, line: str, rule: str
) -> None:
    """A redirection is a write, as a file tool's is."""
    workspace = tmp_path / "w"
    workspace.mkdir()
    (workspace / "link").symlink_to(tmp_path)
    settings = PolicySettings(allowed_commands=("pytest",))
    verdict = ALLOW if rule == "workspace" else DENY
    assert answer(workspace, settings, shell(line)) == (verdict, rule)
    assert answer(workspace, PolicySettings(), shell(line)) == (ALLOW, "workspace")


def test_who_only_reads_sends_no_output_into_files(tmp_path: Path) -> None:
    """But for devices; what a program writes by itself is judged by the tree."""
    settings = PolicySettings(profile="read-only")
    assert answer(tmp_path, settings, shell("ls > out.txt")) == (DENY, "read-only")
    assert answer(tmp_path, settings, shell("ls 2>/dev/null | wc -l")) == (ALLOW, "read-only")
