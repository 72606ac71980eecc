"""Tool calls that a person has to allow: who is asked once, and what an answer reaches."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.vocabulary import action_of
from deputize.desk import answers
from deputize.desk.context import Desk
from deputize.errors import InvalidInput, LeaseLost
from deputize.model.agent import AgentSettings
from deputize.model.approval import ApprovalState, Reach, Subject
from deputize.model.event import Event
from deputize.model.outcome import Outcome
from deputize.model.plan import Plan
from deputize.model.policy import Decision, Verdict
from deputize.model.ruleset import PolicySettings
from deputize.store import approvals, plans
from deputize.worker.asking import SHOWN_CHARACTERS, digest_of, expire, with_people
from deputize.worker.running import Running, Stop
from tests.fixtures.shop import begun, until
from tests.fixtures.stories import open_story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from deputize.model.approval import Approval
    from deputize.model.policy import Action
    from deputize.worker.steps import Steps
    from tests.fixtures.stories import Story

    Answer = Callable[[Desk, int, str | None], Approval]

PUSH = action_of("bash", {"command": "git push origin main"})
PULL = action_of("bash", {"command": "git pull"})
ASKED = Decision(
    verdict=Verdict.ASK, rule="policy.ask_commands", reason="a person is asked about `git`"
)
COPILOT = AgentSettings(kind="copilot")
TOY = AgentSettings(kind="command", command=("true",))


@pytest.fixture
def story(kind: str, tmp_path: Path) -> Iterator[Story]:
    """Open a new store."""
    yield from open_story(kind, tmp_path / "home")


def desk_of(story: Story) -> Desk:
    """Return the desk of a person."""
    return Desk(home=story.home, database=story.database, clock=story.clock, actor="person:ada")


async def gate(_: Action) -> Decision:
    """Want a person to be asked about everything."""
    return ASKED


def ask(
    steps: Steps, action: Action = PUSH, *, answer_seconds: int | None = None
) -> Decision | None:
    """Put a call to the gate; return the answer, None where the attempt parks."""
    found: list[Decision] = []

    async def put() -> None:
        run = Running(steps=steps, session="s1")
        policy = PolicySettings(wait_seconds=1, answer_seconds=answer_seconds)
        asking = with_people(gate, run, COPILOT, policy, run.calls.decided)
        with run.scope:
            found.append(await asking(action))
        assert (run.stop is Stop.ASKED) == (not found)

    anyio.run(put)
    return found[0] if found else None


def park(steps: Steps, action: Action = PUSH) -> Approval:
    """Ask, and let the attempt park; return what is asked."""
    assert ask(steps, action) is None
    assert steps.question is not None
    return steps.question


def told(steps: Steps, action: Action = PUSH) -> Decision:
    """Ask what has been answered already."""
    found = ask(steps, action)
    assert found is not None
    return found


def opened(story: Story) -> list[Approval]:
    """Return the open questions."""
    with story.database.read() as transaction:
        return approvals.unanswered(transaction)


def test_what_is_asked_is_the_whole_call_and_its_rule(story: Story) -> None:
    """A secret in it is not shown; the rule is there in words."""
    with begun(story) as run:
        asked = park(run)
    assert asked.about is Subject.CALL
    assert asked.subject == "shell: git push origin main (#1, copilot)"
    assert asked.reason == "policy.ask_commands: a person is asked about `git`"
    assert opened(story) == [asked]


def test_what_an_attempt_knows_to_be_secret_is_not_asked_about(story: Story) -> None:
    """The key of its provider, wherever it is in a call or its log; exactly that call is meant."""
    call = action_of("bash", {"command": "git push https://x:quiet-as-a-mouse@host"})
    other = action_of("bash", {"command": "curl -d quiet-as-a-mouse host"})
    with begun(story) as run:
        run.hide(["quiet-as-a-mouse"])
        asked = [park(run, call), park(run, other)]
    assert asked[0].id != asked[1].id
    assert asked[1].subject == "shell: curl -d [redacted] host (#1, copilot)"
    assert all("mouse" not in str(each) for each in asked)
    assert "mouse" not in run.log.path.read_text()


def test_the_same_call_is_asked_once(story: Story) -> None:
    """However often it is tried; another one is another question."""
    with begun(story) as run:
        first, again, other = park(run), park(run), park(run, PULL)
    assert first == again
    assert [each.id for each in opened(story)] == [first.id, other.id]


@pytest.mark.parametrize(
    ("answer", "verdict", "reason"),
    [
        (answers.approve, Verdict.ALLOW, "person:ada allowed it"),
        (answers.deny, Verdict.DENY, "person:ada said no: not today"),
    ],
)
def test_an_answer_holds_for_exactly_that_call(
    story: Story, answer: Answer, verdict: Verdict, reason: str
) -> None:
    """At once, whenever it is tried in the task; not for another call."""
    with begun(story) as run:
        asked = park(run)
        answer(desk_of(story), asked.id, "not today")
        found = told(run)
        assert (found.verdict, found.rule, found.reason.removesuffix(": not today")) == (
            verdict, f"a{asked.id}", reason.removesuffix(": not today"),
        )  # fmt: skip
        park(run, PULL)


def test_a_yes_for_the_task_holds_for_what_the_rule_asks_in_the_same_words(story: Story) -> None:
    """In this task, and not in the next."""
    with begun(story) as run:
        other = park(run, PULL)
        asked = park(run)
        answers.approve(desk_of(story), asked.id, reach=Reach.TASK)
        assert opened(story) == []
        assert told(run, PULL).verdict is Verdict.ALLOW
        with story.database.read() as transaction:
            assert approvals.get(transaction, other.id).state is ApprovalState.APPROVED
    with begun(story) as later:
        park(later, PULL)


def test_a_yes_for_the_rule_holds_in_the_repository(story: Story) -> None:
    """Also for those who ask already; in no other repository."""
    story.add(git_dir="/a/.git", repo="/a", target="main")
    story.add(git_dir="/a/.git", repo="/a", target="main")
    story.add(git_dir="/b/.git", repo="/b", target="main")
    with begun(story, fresh=False) as one, begun(story, fresh=False) as two:
        asked, waiting = park(one), park(two, PULL)
        answers.approve(desk_of(story), asked.id, reach=Reach.RULE)
        assert opened(story) == []
        assert told(two, PULL).verdict is Verdict.ALLOW
        assert told(one, PULL).rule == "trusted"
        with story.database.read() as transaction:
            assert approvals.get(transaction, waiting.id).state is ApprovalState.APPROVED
    with begun(story, fresh=False) as elsewhere:
        park(elsewhere)


def test_no_rule_is_approved_where_there_is_no_repository(story: Story) -> None:
    """Nor does anything else reach further than it is."""
    with begun(story) as run:
        asked = park(run)
        other = story.ask(run.claim.task, "land it")
    for question, reach in ((asked, Reach.RULE), (other, Reach.TASK)):
        with pytest.raises(InvalidInput):
            answers.approve(desk_of(story), question.id, reach=reach)
    assert len(opened(story)) == 2


def test_like_questions_of_a_plan_are_answered_together(story: Story) -> None:
    """One answer is enough for the same call; another plan's is another's."""
    numbers = [_plan(story), _plan(story)]
    for number in (numbers[0], numbers[0], numbers[1]):
        story.add(plan=number)
    with ExitStack() as stack:
        taken = [stack.enter_context(begun(story, fresh=False)) for _ in numbers + numbers[:1]]
        one, two, other = sorted(taken, key=lambda steps: steps.claim.task.id)
        asked = park(one)
        park(two)
        park(two, PULL)
        park(other)
        answers.approve(desk_of(story), asked.id)
        assert [each.task for each in opened(story)] == [2, 3]
        assert told(two).verdict is Verdict.ALLOW


def _plan(story: Story) -> int:
    plan = Plan(
        id=0, title="p", origin="file", key=None, key_digest=None, created_at=story.clock.at
    )
    event = Event(kind="plan.queued", actor="person:ada")
    with story.database.write() as transaction:
        return plans.insert(transaction, plan, event, story.clock.at).id


def test_a_call_too_long_to_be_shown_is_refused(story: Story) -> None:
    """Nobody can allow what they have not seen."""
    with begun(story) as run:
        long = action_of("bash", {"command": "echo " + "x" * SHOWN_CHARACTERS})
        found = told(run, long)
    assert (found.verdict, "too long" in found.reason) == (Verdict.DENY, True)
    assert opened(story) == []


def test_who_has_no_session_waits_in_place(story: Story) -> None:
    """For as long as it takes: its attempt is not ended, and that time is not counted."""
    with begun(story) as steps:
        assert anyio.run(_answered_late, story, steps).verdict is Verdict.ALLOW


async def _answered_late(story: Story, steps: Steps) -> Decision:
    """Answer once the agent has waited for longer than another would; return what it is told."""
    run = Running(steps=steps)
    asking = with_people(gate, run, TOY, PolicySettings(wait_seconds=0), run.calls.decided)
    found: list[Decision] = []

    async def put() -> None:
        found.append(await asking(PUSH))

    with anyio.CancelScope(deadline=anyio.current_time() + 50) as limit:
        run.limit = limit
        async with anyio.create_task_group() as group:
            group.start_soon(put)
            await until(steps.shop, lambda: opened(story))
            await until(steps.shop, lambda: math.isinf(limit.deadline))
            assert run.stop is None
            answers.approve(desk_of(story), opened(story)[0].id)
            await until(steps.shop, lambda: found)
        assert anyio.current_time() < limit.deadline <= anyio.current_time() + 50
    return found[0]


def test_who_has_lost_the_task_asks_nothing(story: Story) -> None:
    """The lease is looked at in the same transaction."""
    with begun(story) as run:
        story.finish(run.claim, outcome=Outcome.WORKER_LOST)
        with pytest.raises(LeaseLost):
            ask(run)
    assert opened(story) == []


def test_nobody_s_answer_is_a_no_after_the_deadline(story: Story) -> None:
    """Not before, and never without one."""
    with begun(story) as run:
        ask(run, PUSH, answer_seconds=60)
        ask(run, PULL)
    assert expire(story.database, story.clock.at) == 0
    assert expire(story.database, story.clock.at + timedelta(seconds=60)) == 1
    (left,) = opened(story)
    assert left.subject.startswith("shell: git pull")


def test_calls_differ_by_all_that_they_are_given() -> None:
    """By tool, name, arguments, command and paths."""
    assert digest_of(PUSH) == digest_of(action_of("bash", {"command": "git push origin main"}))
    changed = [
        replace(PUSH, name="sh"),
        replace(PUSH, arguments="{}"),
        replace(PUSH, command="git push"),
        replace(PUSH, paths=("a",)),
    ]
    assert len({digest_of(each) for each in (PUSH, *changed)}) == 5
