"""The demo's story: a red project, three tasks whose changes fit together, a green project."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from deputize.demo.model import EditFile, RunShell, Step, WriteFile, dump_script, load_script
from deputize.demo.model.conversation import Conversation, Tool, UserTurn
from deputize.demo.model.director import Director
from deputize.demo.scratch import FILES, write_scratch
from deputize.demo.story import COMMAND, FEATURE, FIX, TASKS, StoryTask, story_script

if TYPE_CHECKING:
    from pathlib import Path


def _git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def _is_green(folder: Path) -> bool:
    """Run the check that the project itself names."""
    settings = tomllib.loads((folder / "deputize.toml").read_text(encoding="utf-8"))
    command = settings["checks"]["tests"]["command"]
    done = subprocess.run(["sh", "-c", command], cwd=folder, check=False, capture_output=True)
    return done.returncode == 0


def _steps(task: StoryTask) -> list[Step]:
    """Return the steps that the script plays to the task's prompt, wrapped as agents do."""
    scene = next(scene for scene in story_script().scenes if scene.name == task.name)
    return [step for turn in scene.turns for step in turn.steps]


def _play(task: StoryTask, folder: Path) -> None:
    for step in _steps(task):
        match step:
            case WriteFile(path=path, content=content):
                assert not (folder / path).exists()
                (folder / path).write_text(content, encoding="utf-8")
            case EditFile(path=path, old=old, new=new):
                text = (folder / path).read_text(encoding="utf-8")
                assert text.count(old) == 1
                (folder / path).write_text(text.replace(old, new), encoding="utf-8")
            case RunShell(command=command):
                subprocess.run(["sh", "-c", command], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give the scratch project as a repository with one commit."""
    folder = tmp_path / "project"
    write_scratch(folder)
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "Begin")
    return folder


def _branch(project: Path, task: StoryTask) -> None:
    """Carry out a task on a branch of its own, from the tip of main."""
    _git(project, "switch", "-q", "-c", task.name, "main")
    _play(task, project)
    _git(project, "add", "-A")
    _git(project, "commit", "-q", "-m", task.title)
    _git(project, "switch", "-q", "main")


def test_the_project_starts_red(project: Path) -> None:
    """Exactly one test fails, and for a real reason."""
    assert not _is_green(project)
    done = subprocess.run(
        [sys.executable, "-m", "unittest"],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "FAILED (failures=1)" in done.stderr
    assert "999 != 1000" in done.stderr
    assert _git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("order", [(FIX, FEATURE), (FEATURE, FIX)], ids=["fix", "feature"])
def test_the_tasks_land_in_either_order(project: Path, order: tuple[StoryTask, StoryTask]) -> None:
    """Fix and feature change the same file from the same base, merge cleanly, and end green."""
    for task in order:
        _branch(project, task)
    changed = [_git(project, "diff", "--name-only", "main", task.name) for task in order]
    assert all("billsplit/split.py" in names for names in changed)
    for task in order:
        _git(project, "merge", "-q", "--no-ff", "-m", task.title, task.name)
    assert _is_green(project)
    _branch(project, COMMAND)
    _git(project, "merge", "-q", "--no-ff", "-m", COMMAND.title, COMMAND.name)
    assert _is_green(project)
    assert _git(project, "status", "--porcelain") == ""


@pytest.mark.parametrize("order", [(FEATURE, COMMAND), (COMMAND, FEATURE)])
def test_feature_and_command_land_in_either_order_after_the_fix(
    project: Path, order: tuple[StoryTask, StoryTask]
) -> None:
    """Each landing after the fix is green, whichever of the other two comes first."""
    _branch(project, FEATURE)
    _branch(project, FIX)
    _git(project, "merge", "-q", "--no-ff", "-m", FIX.title, FIX.name)
    assert _is_green(project)
    _branch(project, COMMAND)
    for task in order:
        _git(project, "merge", "-q", "--no-ff", "-m", task.title, task.name)
        assert _is_green(project)


def test_the_command_needs_the_fix(project: Path) -> None:
    """Without the fix the third task can't be green: its need is a real one."""
    assert COMMAND.needs == (FIX.name,)
    with pytest.raises(subprocess.CalledProcessError):
        _play(COMMAND, project)


def test_prompts_find_their_own_scene() -> None:
    """Each prompt is played its scene, also where the prompts of its needs are told with it."""
    director = Director(story_script())
    prompts = {task.name: task.prompt for task in TASKS}
    for task in TASKS:
        told = "\n".join([*(prompts[need] for need in task.needs), task.prompt, "Keep it short."])
        assert director.cue(_conversation(told)).scene == task.name
    assert director.cue(_conversation("Something else")).scene == "anything else"


def _conversation(prompt: str) -> Conversation:
    return Conversation(
        model="m",
        system="",
        turns=(UserTurn(text=prompt, result_count=0),),
        tools=(Tool(name="bash"),),
        workspace=None,
        is_streaming=False,
    )


def test_the_story_is_plain_data() -> None:
    """The script survives JSON, and its pace can be set to nothing."""
    script = story_script(0)
    assert load_script(dump_script(script)) == script
    assert all(turn.delay_seconds == 0 for scene in script.scenes for turn in scene.turns)


def test_writing_again_restores_the_project(tmp_path: Path) -> None:
    """Writing over an existing project gives the same files."""
    write_scratch(tmp_path)
    (tmp_path / "README.md").write_text("changed", encoding="utf-8")
    write_scratch(tmp_path)
    written = {
        str(path.relative_to(tmp_path)): path.read_text(encoding="utf-8")
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert written == FILES
