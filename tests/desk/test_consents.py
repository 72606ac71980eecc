"""Who may approve what, and how many it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.desk import answers
from deputize.desk.context import Desk
from deputize.errors import Denied
from deputize.model.approval import ApprovalState
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fixtures.stories import Story

TWO = """
[[approvals]]
name = "two of us"
people = ["ada", "grace"]
approvers = 2
"""


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Open a new store whose questions take two."""
    for story in open_story(kind, tmp_path / "home"):
        story.home.config.write_text(TWO)
        yield story


def desk_of(story: Story, name: str) -> Desk:
    """Return the desk of a person."""
    return Desk(home=story.home, database=story.database, clock=story.clock, actor=f"person:{name}")


def test_a_question_that_takes_two_is_open_until_both_have_said_yes(story: Story) -> None:
    """Each yes is in the trail; one's own second yes counts for nothing."""
    asked = story.ask(story.add(), "land it")
    first = answers.approve(desk_of(story, "ada"), asked.id)
    assert (first.state, first.consents) == (ApprovalState.OPEN, ("person:ada",))
    with pytest.raises(Denied, match="already"):
        answers.approve(desk_of(story, "ada"), asked.id)
    second = answers.approve(desk_of(story, "grace"), asked.id)
    assert (second.state, second.answered_by) == (ApprovalState.APPROVED, "person:grace")
    told = [kind for kind in story.kinds() if kind.startswith("approval.")]
    assert told == ["approval.asked", "approval.consented", "approval.approved"]


def test_who_is_not_named_may_not_say_yes(story: Story) -> None:
    """The question is as open as before, and the error says who may."""
    asked = story.ask(story.add(), "land it")
    with pytest.raises(Denied, match="two of us: only ada, grace may say yes"):
        answers.approve(desk_of(story, "mallory"), asked.id)
    assert answers.find(desk_of(story, "ada"), f"a{asked.id}").consents == ()


def test_anybody_may_say_no(story: Story) -> None:
    """That keeps something from happening, at once."""
    asked = story.ask(story.add(), "land it")
    assert answers.deny(desk_of(story, "mallory"), asked.id).state is ApprovalState.DENIED
