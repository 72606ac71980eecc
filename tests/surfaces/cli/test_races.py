"""Races on the command line: one task for several agents, and what is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine, Said

AGENTS = "".join(
    f'[agents.{name}]\nkind = "command"\ncommand = ["true", "{{prompt}}"]\n' for name in "ab"
)
ROLE = '[roles.loose]\nchange = "allowed"\n'


@pytest.fixture(autouse=True)
def agents(deputize: CommandLine) -> None:
    """Let there be two agents, and a role that need not change anything."""
    deputize.configure(AGENTS + ROLE)


def add(deputize: CommandLine, *words: str) -> Said:
    """Queue a race that nobody starts."""
    return deputize("add", "Do it", "--no-start", *words)


def test_a_race_is_one_task_for_each_agent(deputize: CommandLine) -> None:
    """A plan of its own, whose tasks differ in who does them."""
    said = add(deputize, "--race", "a, b:m:1", "--judge", "smallest", "--priority", "2")
    assert said.code == 0, said.err
    assert "p1 queued: Do it (a race of 2, judge smallest)" in said.out
    tasks = deputize("list", "--plan", "p1", "--json").document
    assert [(task["agent"], task["model"]) for task in tasks] == [("a", None), ("b", "m:1")]
    assert [(task["prompt"], task["priority"]) for task in tasks] == [("Do it", 2)] * 2
    page = deputize("plan", "show", "p1").out
    assert "a race, judge smallest: not decided yet" in page
    assert "judge smallest; `deputize compare p1`" in deputize("show", "1").out


def test_the_same_agent_may_run_twice_and_json_says_so(deputize: CommandLine) -> None:
    """The document of a plan, with the race in it."""
    said = add(deputize, "--race", "a,a", "--json")
    assert said.document["race"] == {
        "judge": "checks",
        "judge_agent": None,
        "judge_model": None,
        "winner": None,
        "judging": None,
    }
    assert [task["agent"] for task in said.document["tasks"]] == ["a", "a"]
    shown = deputize("plan", "show", "1", "--json").document
    assert shown["race"] == said.document["race"]
    assert deputize("show", "1", "--json").document["race"] == shown["race"]
    assert add(deputize, "-q", "--json").document["id"] == 3


def test_an_agent_may_judge(deputize: CommandLine) -> None:
    """One that was named with its model, that of the settings for the role, or the default."""
    said = add(deputize, "--race", "a,b", "--judge", "agent:b:m:1")
    assert "(a race of 2, judge agent:b:m:1)" in said.out
    deputize.configure(AGENTS + '[roles.judge]\nagent = "b"\n')
    assert "judge agent:b" in add(deputize, "--race", "a,a", "--judge", "agent").out
    shown = deputize("compare", "p1", "--json").document["race"]
    assert (shown["judge"], shown["judge_agent"], shown["judge_model"]) == ("agent", "b", "m:1")
    assert len(deputize("list", "--all", "--json").document) == 4


def test_a_key_recognises_a_race(deputize: CommandLine) -> None:
    """The same again gives the same plan; another judge is another race."""
    first = add(deputize, "--race", "a,b", "--key", "k", "-q")
    again = add(deputize, "--race", "a,b", "--key", "k")
    assert first.out == "p1\n"
    assert again.out.startswith("p1 queued")
    assert "it is the same plan" in again.err
    other = add(deputize, "--race", "a,b", "--key", "k", "--judge", "smallest")
    assert other.code == 2
    assert "asks for something else" in other.err


def test_side_by_side_nothing_is_known_of_what_has_not_begun(deputize: CommandLine) -> None:
    """Dashes for people, nulls for programs; any plan can be looked at so."""
    add(deputize, "--race", "a,b:m")
    page = deputize("compare", "p1")
    assert page.code == 0
    assert "#2  b:m    queued  –" in page.out
    (row, _) = deputize("compare", "p1", "--json").document["tasks"]
    assert (row["files"], row["added"], row["checks"], row["chosen"]) == (None, None, [], False)
    plan = {"tasks": [{"prompt": "x"}]}
    deputize("run", "-", "--no-start", stdin=json.dumps(plan).encode())
    assert deputize("compare", "p2", "--json").document["race"] is None
    assert deputize("compare", "p9").code == 2


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--race", "a"), "a race takes 2 to 10 agents, not 1"),
        (("--race", ""), "a race takes 2 to 10 agents, not 1"),
        (("--race", "a,"), "must be an agent, or agent:model"),
        (("--race", ",".join("a" * 11)), "a race takes 2 to 10 agents, not 11"),
        (("--race", "a,nobody"), "unknown agent 'nobody'"),
        (("--race", "a,b", "--in-place"), "a race takes no place"),
        (("--race", "a,b", "--read-only"), "a race takes no place"),
        (("--race", "a,b", "--scratch"), "a race takes no place"),
        (("--race", "a,b", "--session", "s"), "a race takes no session"),
        (("--race", "a,b", "--agent", "a"), "a race takes no agent"),
        (("--race", "a,b", "--model", "m"), "a race takes no model"),
        (("--race", "a,b", "--role", "inspector"), "the role inspector need not make one"),
        (("--race", "a,b", "--role", "loose"), "the role loose need not make one"),
        (("--race", "a,b", "--judge", "best"), "judge: must be checks, smallest or agent"),
        (("--race", "a,b", "--judge", "checks:a"), "judge: must be checks, smallest or agent"),
        (("--race", "a,b", "--judge", "agent:x"), "judge: unknown agent 'x'"),
        (("--judge", "checks"), "--judge judges a race, and there is none"),
    ],
)
def test_what_can_not_race_is_refused(
    deputize: CommandLine, words: tuple[str, ...], problem: str
) -> None:
    """With a hint, and nothing is stored."""
    said = add(deputize, *words)
    assert said.code == 2
    assert problem in said.err
    assert "hint: " in said.err
    assert deputize("list", "--all", "--json").document == []


def test_nobody_may_need_one_that_can_lose(deputize: CommandLine) -> None:
    """The hint says what to wait for; its end may be waited for."""
    add(deputize, "--race", "a,b")
    refused = add(deputize, "--after", "1")
    assert refused.code == 2
    assert "#1 runs in the race p1" in refused.err
    assert "`deputize wait --plan p1`" in refused.err
    assert add(deputize, "--after", "1:end").code == 0


def test_a_race_waits_for_its_end(working: CommandLine, project: Folder) -> None:
    """Where nobody makes a change nobody wins: exit 1, with each one's reason."""
    del project
    said = working("add", "Do it", "--race", "a,b", "--wait", "--json")
    assert said.code == 1
    assert said.document["state"] == "failed"
    assert "no_change" in working("compare", "p1").out
