"""Agents are listed with what is known of them without starting anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.desk.agents import AgentView, check_words, listing
from deputize.desk.doctor import Level, examine
from deputize.desk.stations import worker_environment
from deputize.model.agent_check import Canary
from tests.fixtures.checked import put_check

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.desk.context import Desk

TOY = 'default_agent = "toy"\n[agents.toy]\nkind = "command"\ncommand = ["true"]\n'


def one(home: Home, name: str) -> AgentView:
    """Return one agent of the listing."""
    (found,) = (agent for agent in listing(home) if agent.name == name)
    return found


def test_where_there_is_no_store_nothing_was_checked(home: Home) -> None:
    """Looking makes none."""
    assert one(home, "copilot").check is None
    assert not home.database.exists()


@pytest.mark.parametrize(
    ("variables", "settings", "text", "there"),
    [
        ({}, "", "not logged in", False),
        ({"GITHUB_TOKEN": "x", "GH_TOKEN": "y"}, "", "token in GH_TOKEN", True),
        ({"GH_TOKEN": "y"}, "provider = 'p'", "KEY is not set, and provider p needs it", False),
        ({"KEY": "k"}, "provider = 'p'", "provider p, key in KEY", True),
        ({}, "provider = 'free'", "provider free, without a key", True),
        ({}, "provider = 'nobody'", "provider nobody is not configured", False),
    ],
)
def test_what_copilot_would_log_in_with(
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    settings: str,
    text: str,
    there: bool,  # noqa: FBT001 - a row of the table
) -> None:
    """The first link of the chain that is there is named, as far as that is known."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    home.path.mkdir()
    home.config.write_text(
        f"[agents.copilot]\n{settings}\n"
        "[providers.p]\ntype = 'openai'\nbase_url = 'http://p'\nkey_variable = 'KEY'\n"
        "[providers.free]\ntype = 'ollama'\nbase_url = 'http://free'\n"
    )
    assert one(home, "copilot").credentials == (text, there)


def test_a_stored_login_is_named(home: Home, clean_environment: Path) -> None:
    """Whose it is, is in Copilot's own settings; what others log in with only they know."""
    folder = clean_environment / ".copilot"
    folder.mkdir()
    (folder / "config.json").write_text('{"lastLoggedInUser": {"login": "ada"}}')
    assert one(home, "copilot").credentials == ("stored login of ada", True)
    assert one(home, "goose").credentials == ("its own", None)


def test_the_newest_check_of_the_installed_version_counts(desk: Desk) -> None:
    """One of another version is not shown; a check that got nowhere says where it failed."""
    desk.home.config.write_text(TOY)
    put_check(desk, "toy", Canary.FAILED, version="0.1")
    assert check_words(one(desk.home, "toy")) == "not checked"
    put_check(desk, "toy", Canary.HELD)
    assert "canary held" in check_words(one(desk.home, "toy"))


def test_a_check_without_a_verdict_leaves_the_last_one(desk: Desk) -> None:
    """Only a canary that was held lifts one that failed."""
    desk.home.config.write_text(TOY)
    put_check(desk, "toy", None)
    assert "no canary, failed at canary" in check_words(one(desk.home, "toy"))
    put_check(desk, "toy", Canary.FAILED)
    put_check(desk, "toy", None)
    assert "canary failed before" in check_words(one(desk.home, "toy"))
    assert one(desk.home, "toy").is_unfit
    put_check(desk, "toy", Canary.HELD)
    assert not one(desk.home, "toy").is_unfit


@pytest.mark.parametrize(
    ("canary", "level"), [(Canary.FAILED, Level.FAIL), (Canary.UNSEEN, Level.OK)]
)
def test_doctor_tells_of_an_agent_that_did_not_obey(
    desk: Desk, canary: Canary, level: Level
) -> None:
    """The agent that tasks go to has to be held by the gate, where it asks it at all."""
    desk.home.config.write_text(TOY)
    put_check(desk, "toy", canary)
    (finding,) = (each for each in examine(desk.home) if each.about == "agent toy")
    assert finding.level is level
    assert f"canary {canary}" in finding.text
    assert ("deputize check toy" in (finding.hint or "")) == (level is Level.FAIL)


def test_what_claude_would_log_in_with(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set is named; what it has stored, only it knows."""
    assert one(home, "claude").credentials == ("its own", None)
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "x")
    assert one(home, "claude").credentials == ("token in CLAUDE_CODE_OAUTH_TOKEN", True)


def test_a_background_worker_is_given_what_described_agents_log_in_with(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever agent its first task is for; of the rest of the terminal's nothing."""
    for name in ("OPENROUTER_API_KEY", "AIDER_MODEL", "UNKNOWN_API_KEY"):
        monkeypatch.setenv(name, "x")
    given = worker_environment(desk)
    assert {"OPENROUTER_API_KEY", "AIDER_MODEL"} <= set(given)
    assert "UNKNOWN_API_KEY" not in given
