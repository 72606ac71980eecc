"""The words that an agent is given."""

from __future__ import annotations

from deputize.config.settings import BUILT_IN_ROLES, CheckSettings, RoleSettings
from deputize.model.task import Place
from deputize.worker.prompt import compose
from tests.fixtures.nouns import a_task

CHECKS = {
    "tests": CheckSettings(command="make test"),
    "slow": CheckSettings(command="make slow", required=False),
}
INSIDE = {"place": Place.WORKTREE, "repo": "/project", "git_dir": "/project/.git"}


def test_a_tasks_own_words_come_first_and_unchanged() -> None:
    """What is added comes after them, each in a paragraph of its own."""
    task = a_task(
        prompt="Do it.\n\n  And that.", kind="docs", scope=("src", "*.md"), feedback="No."
    )
    said = compose(task, RoleSettings(preamble="Be brief."), {})
    assert said.split("\n\n", 2)[:2] == ["Do it.", "  And that."]
    assert said.endswith("Be brief.\n\n" + said.partition("Be brief.\n\n")[2])
    assert "leave the code as it is" in said
    assert "- src\n- *.md" in said
    assert said.endswith("No.")


def test_a_writer_is_told_what_its_work_has_to_pass() -> None:
    """The required checks, and those that the task names."""
    assert "- `make test`" in compose(a_task(**INSIDE), None, CHECKS)
    assert "make slow" not in compose(a_task(**INSIDE), None, CHECKS)
    named = compose(a_task(**INSIDE, checks=("slow",)), None, CHECKS)
    assert (
        "lands only if these pass; run them yourself first:\n- `make test`\n- `make slow`" in named
    )
    assert "make test" not in compose(a_task(), None, CHECKS)


def test_a_tester_is_told_what_decides() -> None:
    """Those that the task names, else the required ones; nothing of its is going to land."""
    tester = BUILT_IN_ROLES["tester"]
    said = compose(a_task(**INSIDE, role="tester"), tester, CHECKS)
    assert said.endswith("these run in the workspace, and decide:\n- `make test`")
    named = compose(a_task(**INSIDE, role="tester", checks=("slow",)), tester, CHECKS)
    assert named.endswith("decide:\n- `make slow`")
    assert "lands" not in said + named


def test_who_was_interrupted_is_told_so_unless_there_is_more_to_say() -> None:
    """A rework's reasons stand in place of it."""
    assert "were interrupted" in compose(a_task(), None, {}, interrupted=True)
    assert "were interrupted" not in compose(a_task(feedback="No."), None, {}, interrupted=True)
