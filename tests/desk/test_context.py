"""Who asks: a person, or the agent of which task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.home import Home
from deputize.desk.context import caller, user_name

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Give the folder in which the second attempt of a task works."""
    folder = tmp_path / "workspaces" / "repository" / "12-2" / "below"
    folder.mkdir(parents=True)
    return folder


def test_the_task_that_is_named_asks(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever its agent has gone meanwhile."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DEPUTIZE_TASK", "7")
    assert caller(Home(tmp_path)) == "agent:task 7"


def test_an_attempt_without_a_name_of_its_own_is_known_by_its_folder(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those are that share a program which sets no variables for each."""
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DEPUTIZE_ATTEMPT", "of all")
    assert caller(Home(tmp_path)) == "agent:task 12"


@pytest.mark.parametrize("place", [".", "workspaces", "workspaces/repository", "workspaces/a/b"])
def test_elsewhere_it_is_no_person_all_the_same(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """What an agent does is never put down to the user."""
    (tmp_path / "workspaces" / "a" / "b").mkdir(parents=True)
    assert workspace.is_dir()
    monkeypatch.chdir(tmp_path / place)
    monkeypatch.setenv("DEPUTIZE_ATTEMPT", "of all")
    assert caller(Home(tmp_path)) == "agent:unknown"


def test_a_person_in_a_workspace_is_a_person(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks at an attempt's work is not its agent."""
    monkeypatch.chdir(workspace)
    assert caller(Home(tmp_path)) == f"person:{user_name()}"
