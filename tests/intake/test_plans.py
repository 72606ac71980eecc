"""A plan comes in whole: every task with its needs, or nothing at all."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from shutil import which
from typing import TYPE_CHECKING, Any

import pytest

from deputize.errors import ConfigError, DeputizeError, GitError, InvalidInput
from deputize.intake.linking import link
from deputize.intake.plans import submit_plan
from deputize.intake.reading import read_plan
from deputize.model.need import Need, On
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.store import journal, plans, tasks
from deputize.store.sqlite import SqliteDatabase
from tests.fixtures import postgres
from tests.fixtures.doors import ADA
from tests.fixtures.nouns import NOON
from tests.fixtures.repositories import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.model.plan import PlanSpec, SubmittedPlan
    from tests.fixtures.doors import Door

Asked = dict[str, Any]
BUILD: Asked = {"name": "build", "prompt": "Build it"}
CHAIN: list[Asked] = [
    {"name": "report", "prompt": "Report", "role": "inspector", "needs": ["docs", "test"]},
    BUILD,
    {"name": "docs", "prompt": "Document it", "needs": ["build"]},
    {"name": "test", "prompt": "Test it", "needs": [{"id": "build", "on": "landed"}]},
]


def plan(door: Door, *asked: Asked, **said: Any) -> PlanSpec:  # noqa: ANN401 - any field
    """Read a plan as its file says it."""
    document = {"tasks": list(asked), **said}
    return link(read_plan(document, now=NOON, folder=str(door.project.path)))


def submit(door: Door, *asked: Asked, trial: bool = False, **said: Any) -> SubmittedPlan:  # noqa: ANN401 - as above
    """Hand a plan in."""
    spec = plan(door, *asked, **said)
    return submit_plan(door.database, door.home, spec, actor=ADA, now=NOON, trial=trial)


def refused(door: Door, *asked: Asked, **said: Any) -> DeputizeError:  # noqa: ANN401 - as above
    """Hand in what can't be; nothing may be stored, told or pinned. Return the error."""
    before = door.traces()
    with pytest.raises(DeputizeError) as caught:
        submit(door, *asked, **said)
    assert door.traces() == before
    with door.database.read() as transaction:
        assert transaction.one("plans.get", id=1) is None
    return caught.value


def test_all_tasks_are_stored_with_their_needs(door: Door) -> None:
    """Each after those that it needs, whatever order they stand in; only roots have a base."""
    submitted = submit(door, *CHAIN, title="Ship it")
    assert [placed.name for placed in submitted.tasks] == ["build", "docs", "test", "report"]
    with door.database.read() as transaction:
        stored = tasks.of_plan(transaction, 1)
        needs = {
            task.id: [need for need, _ in tasks.needs(transaction, task.id)] for task in stored
        }
        told = [entry for entry in journal.recent(transaction) if entry.kind != "worker.started"]
        assert plans.get(transaction, 1) == submitted.plan
        assert plans.counts(transaction, 1) == {TaskState.QUEUED: 1, TaskState.BLOCKED: 3}
    assert stored == [placed.task for placed in submitted.tasks]
    assert needs == {
        1: [],
        2: [Need(id=1)],
        3: [Need(id=1, on=On.LANDED)],
        4: [Need(id=2), Need(id=3)],
    }
    assert [task.base for task in stored] == [door.project.head(), None, None, None]
    assert {(task.plan, task.origin) for task in stored} == {(1, "file")}
    kinds = ["plan.queued", "task.queued", *["task.blocked"] * 3]
    assert [entry.kind for entry in told] == kinds
    assert told[0].body == {"plan": 1, "title": "Ship it", "tasks": 4}
    assert (told[4].body["needs"], told[4].body["plan"]) == ([2, 3], 1)


def test_a_plan_may_need_what_is_there_already(door: Door) -> None:
    """By id, for whatever of it: blocked while that is open, with a base where it is done."""
    door.submit()
    submitted = submit(door, {"prompt": "x", "needs": [1]}, {"prompt": "y"})
    assert [placed.task.state for placed in submitted.tasks] == ["blocked", "queued"]
    door.end(Outcome.SUCCEEDED)
    (placed,) = submit(door, {"prompt": "x", "needs": [{"id": 1, "on": "end"}]}).tasks
    assert (placed.task.state, placed.task.base) == (TaskState.QUEUED, door.project.head())


NOWHERE = [
    ([BUILD, {"prompt": "x", "needs": [9]}], "tasks[1].needs: there is no task #9"),
    ([BUILD, {"prompt": "x", "name": "n", "role": "wirter"}], "tasks[1] (n).role: unknown role"),
    ([{"prompt": "x", "agent": "copilto"}], "tasks[0].agent: unknown agent 'copilto'"),
    ([{"prompt": "x", "provider": "cloud"}], "tasks[0].provider: unknown provider"),
    ([{"prompt": "x", "checks": ["lint"]}], "tasks[0].checks: unknown check 'lint'"),
    ([{"prompt": "x", "target": "nope"}], "tasks[0].target: no branch called nope"),
    ([{"prompt": "x", "target": "a..b"}], "tasks[0].target: 'a..b' is not a branch name"),
    ([{"prompt": "x", "base": "v9"}], "tasks[0].base: no commit called 'v9'"),
    ([{"prompt": "x", "repo": "nowhere"}], "tasks[0].repo: no such folder"),
    ([BUILD, BUILD], "tasks[1] (build).name: tasks[0] has this name already"),
    ([{"prompt": "x", "needs": ["buidl"]}, BUILD], "tasks[0].needs[0]: no task of the plan is"),
    ([{"prompt": "x", "name": "a", "needs": ["a"]}], "tasks[0] (a).needs: lead in a circle: a → a"),
    (
        [BUILD | {"needs": ["docs"]}, {"prompt": "x", "name": "docs", "needs": ["build"]}],
        "tasks[0] (build).needs: lead in a circle: build → docs → build",
    ),
    ([BUILD, {"prompt": "x", "needs": ["build", {"id": "build", "on": "end"}]}], "needed twice"),
    ([{"prompt": "x", "key": "k"}, {"prompt": "y", "key": "k"}], "tasks[1].key: tasks[0] has this"),
    (
        [
            BUILD | {"role": "inspector"},
            {"prompt": "x", "needs": [{"id": "build", "on": "landed"}]},
        ],
        "tasks[1].needs: tasks[0] (build) (inspector) changes nothing that could land",
    ),
]


@pytest.mark.parametrize(("asked", "problem"), NOWHERE)
def test_what_is_wrong_with_one_task_refuses_all(
    door: Door, asked: list[Asked], problem: str
) -> None:
    """In one line with task and field; nothing is stored, told or pinned."""
    error = refused(door, *asked)
    assert problem in error.message
    assert "\n" not in error.message


def test_what_would_wait_for_ever_is_refused(door: Door) -> None:
    """A need that failed, and a key that another task has."""
    door.submit(key="k")
    door.end(Outcome.AUTH_FAILED)
    error = refused(door, {"prompt": "x", "needs": [1]})
    assert error.message == "tasks[0].needs: #1 is failed: nothing would start this"
    error = refused(door, {"prompt": "x", "key": "k"})
    assert error.message == "tasks[0].key: 'k' belongs to #1 already"


def test_a_repositorys_wrong_settings_name_the_task(door: Door) -> None:
    """As an error of configuration, where the first task of that repository stands."""
    door.project.commit(deputize__toml="[checks.tests]\ncomand = 'x'")
    error = refused(door, BUILD)
    assert isinstance(error, ConfigError)
    assert error.message.startswith("tasks[0] (build).repo: deputize.toml (main): unknown key")


def test_the_same_key_with_the_same_content_is_the_same_plan(door: Door) -> None:
    """With the same ids, though the branch moved on; with other content it is refused."""
    first = submit(door, *CHAIN, key="k")
    door.project.commit(a__py="moved on\n")
    traces = door.traces()
    again = submit(door, *CHAIN, key="k")
    assert (again.plan, again.created) == (first.plan, False)
    named = [(placed.name, placed.task.id, placed.needs) for placed in first.tasks]
    assert [(placed.name, placed.task.id, placed.needs) for placed in again.tasks] == named
    for other in ({"title": "Other"}, {"defaults": {"priority": 1}}):
        with pytest.raises(InvalidInput, match="key: 'k' belongs to p1, which asks for something"):
            submit(door, *CHAIN, key="k", **other)
    with pytest.raises(InvalidInput, match="belongs to p1"):
        submit(door, *[task | {"needs": []} for task in CHAIN], key="k")
    assert door.traces() == traces


def test_a_trial_checks_everything_and_stores_nothing(door: Door) -> None:
    """What it tells is what would be; names stand for ids that aren't there."""
    before = door.traces()
    tried = submit(door, *CHAIN, trial=True)
    assert door.traces() == before
    assert [placed.task.state for placed in tried.tasks] == ["queued", *["blocked"] * 3]
    assert tried.tasks[3].needs == [("docs", "done"), ("test", "done")]
    assert (tried.plan.id, tried.plan.title) == (0, "Report and 3 more")
    assert "unknown role" in refused(door, BUILD | {"role": "x"}, trial=True).message


def before_git(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a script run before each git command, which is in its arguments."""
    real = which("git")
    folder.mkdir()
    program = folder / "git"
    program.write_text(f'#!/bin/bash\n{script}\nexec {real} "$@"\n')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_each_repository_and_branch_is_looked_up_once(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand tasks of two repositories start git a few times, and pin two commits."""
    other = make_project(tmp_path / "other")
    many = [{"prompt": f"task {number}"} for number in range(500)]
    log = tmp_path / "calls"
    before_git(tmp_path / "bin", monkeypatch, f"echo >> {log}")
    submitted = submit(door, *many, *(task | {"repo": str(other.path)} for task in many))
    assert len(log.read_text()) <= 6
    assert [placed.task.id for placed in submitted.tasks] == list(range(1, 1001))
    assert {placed.task.git_dir for placed in submitted.tasks} == {
        str(door.project.git_dir),
        str(other.git_dir),
    }
    assert len(door.traces()[2]) == 1


FAIL = """
import sqlite3, sys
import psycopg
place = sys.argv[1]
if place.startswith("postgresql:"):
    connection = psycopg.connect(place, autocommit=True)
else:
    connection = sqlite3.connect(place, isolation_level=None)
connection.execute(
    "UPDATE tasks SET state = 'failed', reason = 'agent_error', finished_at = created_at"
)
"""


def test_what_is_refused_at_the_last_moment_lets_go_of_its_pins(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A need fails, by another process, after it was looked at and before the plan is stored."""
    door.submit()
    spec = plan(door, {"prompt": "x"}, {"prompt": "y", "needs": [1]})
    kept = door.traces()[2]
    door.project.commit(a__py="moved on\n")
    (tmp_path / "fail.py").write_text(FAIL)
    is_file = isinstance(door.database, SqliteDatabase)
    place = door.home.path / "deputize.db" if is_file else postgres.url_of(door.home.path)
    fail = f"{sys.executable} {tmp_path / 'fail.py'} '{place}'"
    script = f'[[ "$*" == *update-ref*refs/deputize* ]] && {fail}'
    before_git(tmp_path / "bin", monkeypatch, script)
    with pytest.raises(InvalidInput, match=r"tasks\[1\]\.needs: #1 is failed"):
        submit_plan(door.database, door.home, spec, actor=ADA, now=NOON)
    assert door.traces()[2] == kept
    assert door.traces()[0] == 1


def test_a_base_that_cant_be_pinned_refuses_the_plan(door: Door, tmp_path: Path) -> None:
    """What was pinned in other repositories is let go of."""
    other = make_project(tmp_path / "zzz")
    lock = other.git_dir / "refs" / "deputize"
    lock.write_text("in the way")
    spec = plan(door, {"prompt": "x"}, {"prompt": "y", "repo": str(other.path)})
    before = door.traces()
    with pytest.raises(GitError):
        submit_plan(door.database, door.home, spec, actor=ADA, now=NOON)
    assert door.traces() == before


def test_untrusted_commands_are_told(door: Door) -> None:
    """A repository that wants to run something says so, once for the whole plan."""
    assert submit(door, BUILD).untrusted
    scratch = replace(plan(door, {"prompt": "x", "place": "scratch"}), title="t")
    assert not submit_plan(door.database, door.home, scratch, actor=ADA, now=NOON).untrusted
