"""The JSON documents: exactly the promised fields, without secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deputize.desk import documents
from deputize.desk.adding import add
from deputize.desk.history import entries
from deputize.desk.plans import Kin
from deputize.desk.races import Candidate, JudgingView, RaceView
from deputize.desk.stats_document import stats_document
from deputize.desk.tasks import cancel, view
from deputize.model.approval import Approval, ApprovalState, Subject
from deputize.model.attempt import Attempt, ToolUse, Usage
from deputize.model.budget import Spent
from deputize.model.change import Change, FileChange, Operation
from deputize.model.outcome import Outcome
from deputize.model.race import Judge
from deputize.model.states import ChangeState
from deputize.model.stats import Served, Taken, summed
from deputize.model.task import TaskSpec
from deputize.model.worker import Worker

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from tests.fixtures.repositories import Folder

AT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
WRITTEN = "2026-01-02T03:04:05.000678Z"
SECRET = "password=hunter2hunter2"

ATTEMPT = Attempt(
    id=5,
    task=1,
    number=2,
    token="t",
    worker="w1",
    lease_expires_at=AT,
    agent="toy",
    provider=None,
    model=None,
    base=None,
    session="s",
    workspace="/w",
    processes=("77:1.5:boot:host",),
    started_at=AT,
    finished_at=None,
    outcome=Outcome.AGENT_ERROR,
    exit_code=3,
    error=SECRET,
    usage=Usage(input_tokens=4, output_tokens=5, cost_usd="0.25"),
    tools=(ToolUse(name="shell", count=2, denied_count=1),),
    summary=None,
    log="/l",
    saved_ref=None,
)
CHANGE = Change(
    id=7,
    task=1,
    attempt=5,
    state=ChangeState.LANDED,
    repo="/r",
    git_dir="/r/.git",
    target="main",
    base="b",
    head="h",
    tree="t",
    files=(
        FileChange(path="a", op=Operation.MODIFY, before="sha256:1", after="sha256:2", added=3),
    ),
    added=3,
    removed=0,
    risk="low",
    risk_reasons=(),
    reason=None,
    approved_tree=None,
    tip=None,
    candidate=None,
    checks=(),
    landed_commit="c",
    batch=None,
    created_at=AT,
    settled_at=AT,
)


def fields(text: str) -> list[str]:
    """Return the names of a list that is written as words."""
    return text.split()


def test_an_attempt_has_the_promised_fields() -> None:
    """Numbers are numbers, the pid is the process's own, no price is null, no secret is shown."""
    document = documents.attempt_document(ATTEMPT)
    assert list(document) == fields(
        "number worker agent model session workspace sandbox pid started_at finished_at outcome "
        "exit_code error usage tools summary log unusable_answer"
    )
    assert (document["pid"], document["started_at"]) == (77, WRITTEN)
    assert document["usage"] == {"input_tokens": 4, "output_tokens": 5, "cost_usd": 0.25}
    assert document["tools"] == [
        {"name": "shell", "count": 2, "denied_count": 1, "failed_count": 0}
    ]
    assert document["error"] == "password=[redacted]"


def test_a_change_has_the_promised_fields() -> None:
    """A change and each of its files."""
    document = documents.change_document(CHANGE)
    assert list(document) == fields(
        "id task state base head tree files added removed risk reason landed_commit batch"
    )
    assert document["files"] == [
        {
            "path": "a",
            "op": "modify",
            "before": "sha256:1",
            "after": "sha256:2",
            "added": 3,
            "removed": 0,
        }
    ]


def test_a_race_has_the_promised_fields() -> None:
    """Who judges it; of an agent that was asked, about what, what it chose, and why."""
    candidates = [
        Candidate(letter="A", task=2, change=8),
        Candidate(letter="B", task=1, change=7),
    ]
    judging = JudgingView(task=3, candidates=candidates, best_task=2, reason=SECRET)
    race = RaceView(judge=Judge.AGENT, agent="j", model=None, winner=2, judging=judging)
    assert documents.race_document(race) == {
        "judge": "agent",
        "judge_agent": "j",
        "judge_model": None,
        "winner": 2,
        "judging": {
            "task": 3,
            "candidates": [
                {"letter": "A", "task": 2, "change": 8},
                {"letter": "B", "task": 1, "change": 7},
            ],
            "choice": 2,
            "fallback": None,
            "reason": "password=[redacted]",
        },
    }
    judging = JudgingView(task=3, candidates=[], fallback=Judge.SMALLEST, reason="it broke")
    document = documents.race_document(replace(race, judging=judging))
    assert document is not None
    assert document["judging"] == {
        "task": 3,
        "candidates": [],
        "choice": None,
        "fallback": "smallest",
        "reason": "it broke",
    }
    assert documents.race_document(None) is None


def test_what_was_taken_has_the_promised_fields() -> None:
    """For each model of each provider, with what has no price told apart."""
    usage = Usage(input_tokens=4, output_tokens=5, cached_tokens=2, reasoning_tokens=1)
    taken = Taken(Served("toy", "p", "m"), 2, usage, Spent(tokens=9, unpriced_tokens=9))
    idle = summed([], [], [], since=AT, now=AT, most=1)
    assert stats_document(replace(idle, taken=[taken]))["usage"] == [
        {
            "agent": "toy",
            "provider": "p",
            "model": "m",
            "attempt_count": 2,
            "input_tokens": 4,
            "output_tokens": 5,
            "cached_tokens": 2,
            "reasoning_tokens": 1,
            "unpriced_tokens": 9,
            "cost_usd": None,
        }
    ]


def test_an_approval_has_the_promised_fields() -> None:
    """A question to a person."""
    approval = Approval(
        id=3,
        about=Subject.CHANGE,
        subject="change c7 of #1",
        digest="t",
        task=1,
        change=7,
        git_dir=None,
        reason="risky",
        risk="high",
        state=ApprovalState.OPEN,
        asked_at=AT,
        deadline_at=None,
        answered_at=None,
        answered_by=None,
        answer=None,
    )
    document = documents.approval_document(approval)
    assert list(document) == fields(
        "id subject reason risk state asked_at deadline_at answered_at answered_by"
    )
    assert (document["id"], document["state"], document["asked_at"]) == (3, "open", WRITTEN)


def test_a_worker_tells_whether_it_lives() -> None:
    """A worker with its process and whether that really runs."""
    worker = Worker(
        id="w1",
        identity="77:1.5:boot:host",
        host="h",
        roles=("writer",),
        slots=3,
        started_at=AT,
        seen_at=AT,
        draining=False,
        stopped_at=None,
        doorbell=None,
    )
    document = documents.worker_document(worker, alive=False)
    assert list(document) == fields("id host pid roles slots started_at seen_at draining alive")
    assert (document["pid"], document["roles"], document["alive"]) == (77, ["writer"], False)


def test_a_task_and_its_events(desk: Desk, project: Folder) -> None:
    """A task of the store and what happened to it can be written as JSON, redacted."""
    spec = TaskSpec(prompt=f"x\n{SECRET}", repo=str(project.path))
    task = add(desk, spec).task
    cancel(desk, task.id)
    document = documents.task_document(view(desk, task.id))
    assert document["error"] == {
        "reason": "cancelled",
        "message": None,
        "hint": "`deputize retry 1` revives it",
    }
    assert document["prompt"] == "x\npassword=[redacted]"
    race = RaceView(judge=Judge.CHECKS, agent=None, model=None)
    for ran in (race, None):
        related = Kin(plan=None, unblocks=[], race=ran)
        shown = documents.shown_document(view(desk, task.id), related)
        assert shown == document | {"race": documents.race_document(ran)}
    told = [documents.event_document(entry) for entry in entries(desk)]
    assert [event["kind"] for event in told] == ["task.queued", "task.cancelled"]
    assert list(told[0]) == fields(
        "id seq at kind actor task attempt change approval worker body hash"
    )
    assert json.loads(json.dumps([document, told])) == [document, told]
