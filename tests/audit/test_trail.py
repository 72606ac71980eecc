"""The trail: what each record says, and that nothing in it can break out."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.audit.rendering import as_markdown, code, jsonl_of
from deputize.audit.trail import records
from deputize.model.attempt import ToolUse, Usage
from deputize.model.outcome import Outcome
from tests.fixtures.stories import BEGINNING, change_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.audit.trail import Record
    from tests.fixtures.stories import Story

HOSTILE = (
    "```\n# not a heading\n~~~\n<script>alert(1)</script>\n\x1b[31mred\x1b[0m\r\n\x9b2J\u202e\n"
    "</details> | `x` [a](javascript:b)\n\n- - -\n<!-- deputize 99999 -->\n\u2028<!-- x"
)


def as_jsonl(found: Iterable[Record]) -> str:
    """Write records as the mirror does, a line each."""
    return "".join(map(jsonl_of, found))


def a_full_record(story: Story, prompt: str = "Fix the typo", summary: str = "mended it") -> None:
    """Let one attempt do all that a record tells of."""
    story.add(prompt, repo="/repo", git_dir="/repo/.git", target="main", model="gpt-5")
    claimed = story.claim()
    story.note(
        claimed, "attempt.tool_decided", name="write", what="/etc/passwd", verdict="deny",
        reason="outside",
    )  # fmt: skip
    story.pass_time(seconds=90)
    story.finish(
        claimed,
        change=change_of(claimed, "README.md", "a b.py"),
        tools=(ToolUse(name="write", count=3, denied_count=1),),
        usage=Usage(input_tokens=10, output_tokens=20),
        summary=summary,
    )


def test_the_last_records_are_found_from_the_end(story: Story) -> None:
    """Of all, of a task, since a moment: the last so many, oldest first, and no more than that."""
    for prompt in ("one", "two", "three"):
        a_full_record(story, prompt)

    def told(**wanted: Any) -> list[int]:  # noqa: ANN401 - what `records` takes
        return [record.task.id for record in records(story.database, **wanted)]

    assert told(limit=2) == [2, 3]
    assert told(limit=1, task=1) == [1]
    assert told(limit=9) == told() == [1, 2, 3]
    assert told(limit=1, since=BEGINNING + timedelta(days=1)) == []


def test_a_record_says_all_that_was_promised(story: Story) -> None:
    """Times, task, prompt, role, agent, model, outcome, exit code, summary, diff stat, tools."""
    a_full_record(story)
    (document,) = map(json.loads, as_jsonl(records(story.database)).splitlines())
    assert document["started_at"] == BEGINNING.isoformat()
    assert document["finished_at"] == (BEGINNING + timedelta(seconds=90)).isoformat()
    wanted = {
        "task": 1, "attempt": 1, "prompt": "Fix the typo", "role": "writer", "agent": "copilot",
        "model": "gpt-5", "outcome": "succeeded", "exit_code": 0, "summary": "mended it",
    }  # fmt: skip
    assert {name: document[name] for name in wanted} == wanted
    assert document["tools"] == [
        {"name": "write", "count": 3, "denied_count": 1, "failed_count": 0}
    ]
    assert document["refusals"][0]["what"] == "/etc/passwd"
    change = document["change"]
    assert (change["id"], change["state"]) == (1, "proposed")
    assert (change["added"], change["removed"]) == (6, 2)
    assert [file["path"] for file in change["files"]] == ["README.md", "a b.py"]


def test_the_page_for_people_says_the_same(story: Story) -> None:
    """Everything that the JSON has for people is in the Markdown."""
    a_full_record(story)
    page = as_markdown(records(story.database))
    for said in (
        "## #1 `Fix the typo`: succeeded",
        "- Started: 2026-03-01 12:00:00 UTC",
        "- Finished: 2026-03-01 12:01:30 UTC, after 90 s",
        "- Agent: `copilot`",
        "- Model: `gpt-5`",
        "- Outcome: succeeded, exit code 0",
        "- Tool calls: `write` ×3 (1 denied)",
        "- Diff: 2 files, +6 -2; c1 proposed",
        "Prompt:\n\n    Fix the typo\n",
        "Summary:\n\n    mended it\n",
        "    modify  +3 -1 README.md\n",
        "write: /etc/passwd (outside)",
    ):
        assert said in page


def test_the_prompt_that_was_really_sent_is_recorded_where_it_was_noted(story: Story) -> None:
    """What rework added to the task's own words belongs to the exact prompt."""
    story.add("Fix the typo")
    claimed = story.claim()
    story.note(claimed, "attempt.prompted", agent="copilot", prompt="Fix the typo\n\nAgain.")
    story.finish(claimed)
    (record,) = records(story.database)
    assert record.prompt == "Fix the typo\n\nAgain."


def test_each_attempt_has_a_record_and_each_task_its_own(story: Story) -> None:
    """A retried task has several; one that still runs has none yet."""
    story.add("one")
    for _ in range(2):
        story.pass_time(minutes=10)
        story.finish(story.claim(), outcome=Outcome.AGENT_CRASHED, exit_code=137, error="killed")
    story.pass_time(minutes=10)
    moment = story.clock.at
    story.add("two")
    claimed = story.claim()
    story.finish(claimed, outcome=Outcome.NO_CHANGE)
    story.claim()
    found = [(record.task.id, record.attempt.number) for record in records(story.database)]
    assert found == [(1, 1), (1, 2), (claimed.task.id, claimed.attempt.number)]
    assert [record.attempt.number for record in records(story.database, task=1)][:2] == [1, 2]
    assert len(records(story.database, since=moment)) == 1


def test_secrets_are_in_neither_form(story: Story) -> None:
    """The store keeps the prompt as it was given; the trail does not show its secrets."""
    secret = "ghp_" + "a" * 36
    a_full_record(story, prompt=f"use {secret}", summary=f"token={secret}")
    found = records(story.database)
    assert secret in found[0].task.prompt
    assert secret not in as_markdown(found) + as_jsonl(found)


def test_a_hostile_prompt_stays_inside_its_block(story: Story) -> None:
    """No foreign line begins at the margin, so it can be no fence, heading, HTML or marker."""
    a_full_record(story, prompt=HOSTILE, summary=HOSTILE)
    story.seal()
    page = as_markdown(records(story.database))
    margin = [line for line in page.split("\n") if line and not line.startswith("    ")]
    assert all(
        line.startswith(("#", "- ", "<!-- deputize ")) or line.endswith(":") for line in margin
    )
    assert sum(line.startswith("<!--") for line in margin) == 1
    assert sum(line.startswith("#") for line in margin) == 2


@pytest.mark.parametrize("form", [as_markdown, as_jsonl])
def test_no_control_character_reaches_a_terminal(story: Story, form: type) -> None:
    """Both forms can be printed as they are."""
    a_full_record(story, prompt=HOSTILE, summary=HOSTILE)
    text = form(records(story.database))
    assert all(character in "\n\t" or character.isprintable() for character in text)


def test_json_lines_keep_the_text_as_it_was(story: Story) -> None:
    """What is escaped for terminals is read back unchanged."""
    a_full_record(story, prompt=HOSTILE)
    (line,) = as_jsonl(records(story.database)).splitlines()
    assert json.loads(line)["prompt"] == HOSTILE


@given(st.text())
def test_a_code_span_holds_whatever_is_in_it(text: str) -> None:
    """It is one line, and the only run of backticks as long as its fence is the fence."""
    span = code(text)
    fence = span[: len(span) - len(span.lstrip("`"))]
    assert span.endswith(fence)
    assert "\n" not in span
    inner = span[len(fence) : -len(fence)]
    runs = "".join(" " if character != "`" else "`" for character in inner).split()
    assert fence not in runs
    assert inner
    assert not inner.startswith("`")
    assert not inner.endswith("`")
