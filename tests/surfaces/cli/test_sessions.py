"""The verbs about sessions, as a person types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine


def begun(deputize: CommandLine, *words: str) -> str:
    """Name a session of Copilot and return what it is called."""
    said = deputize("sessions", "init", "copilot", *words)
    assert said.code == 0, said.err
    return said.out.strip()


def test_a_named_session_is_listed_with_all_that_is_known_of_it(
    deputize: CommandLine, project: Folder
) -> None:
    """For programs with each fact; for people in a line."""
    token = begun(deputize)
    (one,) = deputize("sessions", "list", "--json").document
    assert (one["session"], one["agent"], one["repo"]) == (token, "copilot", str(project.path))
    assert set(one) == {
        *("session", "agent", "task", "number", "repo", "host", "started_at", "used_at"),
        *("used_by", "provider", "provider_type", "base_url", "allow_all"),
    }
    head, row = deputize("sessions", "list").out.splitlines()
    assert head.split() == ["SESSION", "AGENT", "TASK", "ATTEMPT", "PROVIDER", "ASKS", "USED"]
    assert row.split()[:2] == [token, "copilot"]


def test_a_task_goes_on_in_a_session_where_that_was_begun(
    deputize: CommandLine, project: Folder
) -> None:
    """From any folder; without a prompt it is told to go on."""
    token = begun(deputize)
    elsewhere = deputize.home.parent
    said = deputize("sessions", "resume", token, "--no-start", "--json", folder=elsewhere)
    assert said.code == 0, said.err
    task = said.document
    assert task["prompt"] == "Go on where you left off."
    assert deputize("sessions", "list", "--json").document[0]["used_by"] == task["id"]
    assert (task["agent"], task["repo"]) == ("copilot", str(project.path))
    words = ("And the tests", "--role", "inspector", "--no-start", "--json")
    task = deputize("sessions", "resume", token, *words).document
    assert (task["prompt"], task["role"]) == ("And the tests", "inspector")


def test_a_session_of_no_repository_is_gone_on_with_in_none(deputize: CommandLine) -> None:
    """The task is a scratch task."""
    token = begun(deputize, "--scratch")
    task = deputize("sessions", "resume", token, "--no-start", "--json").document
    assert task["repo"] is None


def test_a_session_is_forgotten_once_no_task_uses_it(deputize: CommandLine) -> None:
    """Until then whoever uses it is named."""
    token = begun(deputize)
    deputize("sessions", "resume", token, "--no-start")
    said = deputize("sessions", "destroy", token)
    assert (said.code, "is used by #1" in said.err) == (2, True), said.err
    deputize("cancel", "1")
    assert deputize("sessions", "destroy", token).out == f"forgotten: {token} of copilot\n"
    assert deputize("sessions", "list", "--json").document == []
    said = deputize("sessions", "resume", token, "--no-start")
    assert "there is no session" in said.err


def test_only_what_is_stale_is_forgotten_with_stale(deputize: CommandLine) -> None:
    """By the age that the settings say."""
    begun(deputize)
    said = deputize("sessions", "destroy", "--stale")
    assert (said.out, said.err) == ("", "no session is stale\n")
    assert len(deputize("sessions", "list", "--json").document) == 1
    deputize.configure("[retention]\nsessions_seconds = 1\n")
    token = deputize("sessions", "list", "--json").document[0]["session"]
    gone: list[str] = []
    while not gone:
        gone = [
            each["session"]
            for each in deputize("sessions", "destroy", "--stale", "--json").document
        ]
    assert gone == [token]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("init", "script"), "agent script has no sessions"),
        (("init", "goose"), "agent goose begins a session only with a task"),
        (("init", "nobody"), "no agent is called 'nobody'"),
        (("resume", "s1"), "there is no session 's1'"),
        (("destroy", "s1"), "there is no session 's1'"),
        (("destroy",), "name one session, or --stale"),
        (("destroy", "s1", "--stale"), "name one session, or --stale"),
    ],
)
def test_what_can_not_be_done_is_refused_with_a_hint(
    deputize: CommandLine, words: tuple[str, ...], told: str
) -> None:
    """And nothing is stored."""
    deputize.configure('[agents.script]\nkind = "command"\ncommand = ["true"]\n')
    said = deputize("sessions", *words)
    assert told in said.err
    assert (said.code, "hint:" in said.err) == (2, True)
    assert deputize("sessions", "list", "--json").document == []


def test_who_has_no_sessions_is_told_the_key_that_says_how_they_are_resumed(
    deputize: CommandLine,
) -> None:
    """A session is named to a command by what stands there."""
    deputize.configure('[agents.script]\ncommand = ["true"]\n')
    assert "say `resume_arguments` in its table" in deputize("sessions", "init", "script").err
    deputize.configure('[agents.script]\ncommand = ["true"]\nresume_arguments = ["{session}"]\n')
    said = deputize("sessions", "init", "script")
    assert "agent script begins a session only with a task" in said.err


def test_a_retry_says_when_there_is_no_session_to_go_on_in(deputize: CommandLine) -> None:
    """It doesn't start over without a word."""
    deputize.add("do it", "--agent", "copilot")
    deputize("cancel", "1")
    said = deputize("retry", "1", "--resume")
    assert "#1 has no session of copilot to go on in" in said.err
    assert "`deputize retry 1` starts over" in said.err
    assert deputize("retry", "1").code == 0
