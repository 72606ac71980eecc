"""The story of a task: every step in a line, and nothing foreign at the margin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.audit.story import story_of
from deputize.store import journal
from tests.fixtures.stories import change_of

if TYPE_CHECKING:
    from tests.fixtures.stories import Story

HOSTILE = "```\n# heading\n<script>\x1b[31m"


def the_story(story: Story) -> str:
    """Tell all that happened to the first task."""
    with story.database.read() as transaction:
        return story_of(journal.of_task(transaction, 1))


def a_task(story: Story, text: str = "all green") -> None:
    """Let a task be added, worked on and checked."""
    story.add("Fix the typo", repo="/repo", git_dir="/repo/.git", target="main")
    claimed = story.claim()
    story.note(claimed, "attempt.prompted", agent="copilot", prompt=f"Fix it {text}", model="m1")
    told = {"tool": "shell", "name": "bash", "what": "make test"}
    story.note(
        claimed, "attempt.tool_decided", **told, verdict="allow", rule="workspace", reason="inside"
    )
    ended = {"name": "bash", "what": "make test", "denied": False, "elapsed_ms": 12}
    story.note(claimed, "attempt.tool_finished", **ended, ok=True, output=text)
    story.note(claimed, "attempt.tool_finished", **{**ended, "denied": True}, ok=False, output="")
    story.note(claimed, "attempt.tool_finished", **ended, ok=None, output="")
    story.finish(claimed, change=change_of(claimed, "README.md"))
    story.tell("change.checked", task=1, change=1, body={
        "check": "tests", "exit_code": 1, "command": "make test", "output": text})  # fmt: skip
    story.tell("approval.approved", task=1, approval=3, actor="person:ada")
    story.tell("change.landed", task=1, change=1, body={"target": "main", "commit": "abc"})


def test_every_step_is_told_in_order(story: Story) -> None:
    """Added, told, each call with its answer and its end, checks, who said yes, what landed."""
    a_task(story)
    page = the_story(story)
    place = 0
    for said in (
        "`person:you` task.queued: ",
        "`Fix the typo`",
        "attempt.started",
        "attempt.prompted: `copilot` was told, on `m1`\n\nPrompt:\n\n    Fix it all green\n",
        "`gate` attempt.tool_decided: `allow` to `bash` `make test` (`workspace`: `inside`)\n",
        "`bash` `make test` went well after 12 ms\n\nOutput:\n\n    all green\n",
        "`bash` `make test` was refused after 12 ms\n",
        "`bash` `make test` was never heard of again after 12 ms\n",
        "attempt.finished",
        "c1 `tests` failed with 1: `make test`\n\nOutput:\n\n    all green\n",
        "`person:ada` approval.approved: a3 a person said yes\n",
        "c1 is on `main` as `abc`\n",
    ):
        place = page.index(said, place) + len(said)


def test_nothing_foreign_begins_a_line(story: Story) -> None:
    """Whatever an agent, a tool or a check has printed."""
    a_task(story, HOSTILE)
    page = the_story(story)
    ours = ("- 20", "    ", "Prompt:", "Output:", "## What happened")
    assert all(not line or line.startswith(ours) for line in page.split("\n"))
    assert "\x1b" not in page
