"""What a task needs before it, and what becomes of asking for the same again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deputize.errors import InvalidInput, NotFound
from deputize.model.outcome import Outcome
from deputize.model.states import TaskState
from deputize.model.task import Place, TaskSpec
from deputize.store import journal, tasks
from tests.fixtures.nouns import NOON
from tests.fixtures.repositories import make_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.doors import Door


def test_a_task_waits_for_what_it_needs(door: Door) -> None:
    """Blocked, its base open and unpinned, while a need isn't done; each need counts once."""
    first = door.submit()
    task = door.submit(needs=(first.id, first.id))
    assert (task.state, task.base) == (TaskState.BLOCKED, None)
    with door.database.read() as transaction:
        assert [need.id for need, _ in tasks.needs(transaction, task.id)] == [first.id]
        (event,) = journal.of_task(transaction, task.id)
    assert (event.kind, event.body["needs"]) == ("task.blocked", [1, 1])
    door.end(Outcome.SUCCEEDED)
    assert door.submit(needs=(first.id,)).state is TaskState.QUEUED


def test_after_what_is_done_the_base_is_pinned_at_once(door: Door) -> None:
    """The tip has it already; while something is still to land the base stays open."""
    door.submit()
    assert door.submit(needs=(1,)).base is None
    door.end(Outcome.SUCCEEDED)
    task = door.submit(needs=(1,))
    assert (task.state, task.base) == (TaskState.QUEUED, door.project.head())


def test_a_need_must_be_there_and_must_be_able_to_be_done(door: Door) -> None:
    """One that is missing, or itself (it isn't there yet), or has failed, is refused."""
    for missing in (1, 0, -1, 10**30):
        assert isinstance(door.refused(needs=(missing,)), NotFound | InvalidInput)
    door.submit()
    door.end(Outcome.AUTH_FAILED)
    error = door.refused(needs=(1,))
    assert "#1 is failed" in error.message
    assert error.hint == "`deputize retry 1` first"


def test_the_same_key_with_the_same_content_is_the_same_task(door: Door) -> None:
    """Whoever asks again gets its id, though time passed and the branch moved on."""
    spec = TaskSpec(prompt="x", repo=str(door.project.path), key="k", not_before=NOON)
    first = door.answer(spec)
    door.project.commit(a__py="moved on\n")
    refs = door.traces()[2]
    deeper = str(door.project.path / "src" / "deep")
    later = NOON + timedelta(minutes=5)
    for again in (spec, replace(spec, repo=deeper, origin="mcp", not_before=later)):
        answer = door.answer(again)
        assert (answer.task, answer.created) == (first.task, False)
    assert first.created
    assert door.traces()[2] == refs
    door.end(Outcome.AUTH_FAILED)
    assert door.answer(spec).task.id == first.task.id


def test_a_key_is_known_again_though_what_it_needs_has_failed_meanwhile(door: Door) -> None:
    """What is stored already need not be possible anew."""
    door.submit()
    waiting = door.submit(key="k", needs=(1,))
    door.end(Outcome.AUTH_FAILED)
    assert door.submit(key="k", needs=(1,)).id == waiting.id


def test_a_key_is_known_again_though_its_place_has_changed(door: Door) -> None:
    """The branch is gone, the settings are broken, the checkout isn't clean: it is there."""
    door.project.git("branch", "feat")
    asked: list[dict[str, Any]] = [{"key": "a", "target": "feat"}, {"key": "b"}]
    asked.append({"key": "c", "place": Place.IN_PLACE})
    first = [door.submit(**spec).id for spec in asked]
    door.project.git("branch", "-D", "feat")
    door.project.commit(deputize__toml="nope = 1")
    door.project.write("untracked.txt")
    assert [door.submit(**spec).id for spec in asked] == first
    door.refused(key="a", target="main")


def test_the_same_key_with_other_content_is_refused(door: Door, tmp_path: Path) -> None:
    """Another prompt, another option, another repository: which task has the key is said."""
    door.submit(key="k")
    other = make_project(tmp_path / "other")
    for asked in ({"prompt": "Fix it all"}, {"priority": 1}, {"repo": str(other.path)}):
        error = door.refused(**({"key": "k"} | asked))
        assert "key 'k' belongs to #1" in error.message


def test_a_task_may_wait_for_another_however_it_ends(door: Door) -> None:
    """Each need says what of it is waited for; what has ended badly can be waited for so alone."""
    door.submit()
    task = door.submit(needs=((1, "end"), (1, "end")))
    with door.database.read() as transaction:
        ((need, _),) = tasks.needs(transaction, task.id)
    assert (need.id, need.on, task.state) == (1, "end", TaskState.BLOCKED)
    door.end(Outcome.AUTH_FAILED)
    assert door.submit(needs=((1, "end"),)).state is TaskState.QUEUED
    assert "#1 is failed" in door.refused(needs=((1, "landed"),)).message
    error = door.refused(needs=((2, "done"), (2, "end")))
    assert "the needs have #2 twice, on done and on end" in error.message


def test_nobody_waits_for_what_never_lands(door: Door) -> None:
    """Where the role forbids a change, or the place has no branch, that is known at once."""
    door.submit(role="inspector")
    door.submit(place=Place.READ_ONLY)
    door.submit()
    for need in (1, 2):
        error = door.refused(needs=((need, "landed"),))
        assert f"#{need} " in error.message
        assert "changes nothing that could land" in error.message
    assert door.submit(needs=((3, "landed"),)).state is TaskState.BLOCKED
