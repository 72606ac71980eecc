"""What is said about an event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from deputize.model.event import EVENT_KINDS, Entry
from deputize.notify.message import message_of, text_of

if TYPE_CHECKING:
    from tests.fixtures.stories import Story

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def entry(kind: str, **fields: Any) -> Entry:  # noqa: ANN401 - any field
    """Return an entry of the journal."""
    return Entry(**{"id": 7, "at": NOW, "kind": kind, "actor": "queue", **fields})


@pytest.mark.parametrize(
    ("happened", "said"),
    [
        (entry("task.done", task=1), "Task #1 (Fix the typo) done"),
        (
            entry("task.failed", task=1, body={"reason": "checks_failed"}),
            "Task #1 (Fix the typo) failed: checks_failed",
        ),
        (
            entry("task.cancelled", task=1, body={"reason": "cancelled"}),
            "Task #1 (Fix the typo) cancelled",
        ),
        (
            entry("task.cancelled", task=1, body={"reason": "need_failed"}),
            "Task #1 (Fix the typo) cancelled: need_failed",
        ),
        (
            entry("approval.asked", task=1, approval=3, body={"reason": "no check is required"}),
            "#1 needs you: a3: no check is required",
        ),
        (
            entry("change.quarantined", task=1, change=2, body={"reason": "conflict in a.py"}),
            "Change c2 of #1 (Fix the typo) quarantined: conflict in a.py",
        ),
    ],
)
def test_each_usual_event_is_said_in_one_line(story: Story, happened: Entry, said: str) -> None:
    """The words that people get are the ones that are documented."""
    assert text_of(happened, story.add()) == said


def test_a_question_without_a_task_says_what_it_is_about() -> None:
    """A question of trust belongs to no task."""
    body = {"subject": "commands of deputize.toml", "reason": "they are new"}
    said = text_of(entry("approval.asked", approval=3, body=body), None)
    assert said == "you are needed: a3 commands of deputize.toml: they are new"


def test_the_end_of_a_plan_is_said_with_its_name() -> None:
    """It belongs to no task."""
    said = text_of(entry("plan.failed", body={"plan": 3, "title": "Ship\nit", "failed": 1}), None)
    assert said == "Plan p3 (Ship it) failed"


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
def test_every_kind_of_event_has_words(story: Story, kind: str) -> None:
    """Whatever a channel listens to, its text is one line that isn't empty."""
    for task in (story.add(), None):
        said = text_of(entry(kind, task=task and task.id, change=2, approval=3), task)
        assert said.strip()
        assert "\n" not in said
        assert "None" not in said


def test_nothing_hostile_or_secret_is_said(story: Story) -> None:
    """Titles and reasons come from others: no line breaks, escapes or secrets of theirs pass."""
    secret = "ghp_" + "a" * 36
    task = story.add("x", title=f"a\x1b[31m\nb {secret} " + "long " * 100)
    body = {"reason": "one\r\ntwo \u202e " + secret, "nested": [{"key": f"\x07{secret}"}]}
    message = message_of(entry("task.failed", task=task.id, body=body), task, "store")
    everything = message.text + repr(message.document)
    assert secret not in everything
    assert "\x1b" not in everything
    assert "\x07" not in repr(message.document["data"]).replace("\\x07", "")
    assert "\u202e" not in message.text
    assert "\n" not in message.text
    assert len(message.text) < 500


def test_the_document_can_be_told_from_every_other(story: Story) -> None:
    """The id names store and event, so that a receiver knows a message that comes again."""
    task = story.add()
    first = message_of(entry("task.done", task=task.id), task, "store")
    assert first.id == "store-7"
    assert first.document["id"] == first.id
    assert first.document["type"] == "task.done"
    assert first.document["text"] == first.text
    assert first.id != message_of(entry("task.done", id=8), None, "store").id
