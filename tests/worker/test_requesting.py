"""What a request may say of where it belongs, and how it is told in words."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from deputize.changes.reading import read_request
from deputize.config.settings import Config, RoleSettings
from deputize.errors import AgentError, InvalidInput
from deputize.git.repository import open_mirror
from deputize.git.worktree import add_worktree
from deputize.model.agent import AgentSettings
from deputize.model.task import Output, Place
from deputize.worker.benches import answers_with_request, may_edit, may_touch
from deputize.worker.prompt import compose
from deputize.worker.requesting import TOLD_OPERATIONS, measured, require_meant, told
from tests.changes.requests import create, delete, rename, request
from tests.fixtures.nouns import COMMIT, OTHER_COMMIT, a_task
from tests.fixtures.repositories import make_project

if TYPE_CHECKING:
    from pathlib import Path

TASK = a_task(id=7, repo="/project", git_dir="/project/.git", target="main")


def test_a_request_may_say_what_is_known_or_nothing() -> None:
    """Its task, commit, folder and branch; anybody may be its author."""
    require_meant(read_request(request(create())), TASK, COMMIT)
    said = {"task": 7, "base": COMMIT, "repo": "/project", "target": "main", "author": "me"}
    require_meant(read_request(request(create(), **said)), TASK, COMMIT)


@pytest.mark.parametrize(
    "said",
    [
        {"task": 8},
        {"base": OTHER_COMMIT},
        {"repo": "/other"},
        {"target": "release"},
        {"signature": {"key": "k", "value": "v"}},
    ],
)
def test_a_request_that_belongs_elsewhere_is_refused(said: dict[str, Any]) -> None:
    """It names the field; nobody vouches for an agent's answer."""
    with pytest.raises(InvalidInput, match=f"^{next(iter(said))}: "):
        require_meant(read_request(request(create(), **said)), TASK, COMMIT)


def test_a_workspace_that_can_t_be_read_ends_the_attempt_with_an_error(tmp_path: Path) -> None:
    """Before the agent is asked, as after it has answered."""
    project = make_project(tmp_path / "project")
    mirror = open_mirror(tmp_path / "repos", project.git_dir)
    worktree = add_worktree(mirror, tmp_path / "workspace", project.head())
    assert measured(worktree) == measured(worktree)
    shutil.rmtree(mirror.git_dir)
    with pytest.raises(AgentError, match="could not be carried out"):
        measured(worktree)


def test_a_request_is_told_in_words() -> None:
    """Its title, and each operation; not all of a thousand."""
    small = request(create("a"), delete("b"), rename("c", "d"), title="Tidy up")
    assert told(read_request(small)) == "Tidy up\n\n- create a\n- delete b\n- rename c → d"
    many = read_request(request(*(create(str(n)) for n in range(TOLD_OPERATIONS + 3))))
    assert told(many).startswith("A change request:\n\n- create 0\n")
    nothing = read_request(request(title="It is right already."), least=0)
    assert told(nothing) == "It is right already."
    assert told(many).endswith(f"- create {TOLD_OPERATIONS - 1}\n- and 3 more")


def test_who_answers_with_a_request_edits_nothing() -> None:
    """By the task, else by its agent; not who works elsewhere, or changes nothing anyhow."""
    delivers = Config(agents={"copilot": AgentSettings(delivers="change-request")})
    asked = TASK._replace(output=Output.CHANGE_REQUEST)
    for task, config in ((asked, Config()), (TASK, delivers)):
        assert answers_with_request(task, config)
        assert not may_edit(task, config)
        assert not may_touch(task, config)
    for task in (TASK._replace(output=Output.FILES), TASK._replace(place=Place.IN_PLACE)):
        assert not answers_with_request(task, delivers)
        assert may_edit(task, delivers)
    assert not answers_with_request(TASK._replace(role="inspector"), delivers)
    checking = Config(roles={"w": RoleSettings(change="required", runs_checks=True)})
    assert not may_touch(asked._replace(role="w"), checking)


def test_the_prompt_says_how_to_answer_last() -> None:
    """After the task's own words and what was wrong with the change before."""
    said = compose(TASK._replace(feedback="It broke a test."), None, {}, requests=True)
    assert said.startswith(TASK.prompt)
    assert "It broke a test.\n\nChange no file yourself" in said
    assert said.splitlines()[-1].startswith('{"$schema"')
