"""The task of a judge, field by field: what it takes over from those that it judges."""

from __future__ import annotations

from typing import Any

from deputize.landing.judging import task_of
from deputize.model.plan import Plan
from deputize.model.race import Judge
from deputize.model.task import Task
from tests.fixtures.nouns import NOON, a_change

TAKEN_OVER = {
    *("held", "priority", "repo", "git_dir", "target", "host", "plan", "root", "labels"),
    *("timeout_seconds", "idle_timeout_seconds", "attempts", "budget_tokens", "budget_usd"),
}
OF_ITS_OWN = {
    *("id", "title", "prompt", "role", "kind", "state", "place", "base", "scope", "origin"),
    "commands",
    *("agent", "model", "provider", "checks", "output", "lock", "key", "key_digest", "session"),
    *("not_before", "round_start", "rework_count", "feedback", "attempt", "cancel_requested"),
    *("created_at", "started_at", "finished_at", "result", "reason", "message"),
}
PLAN = Plan(
    id=1,
    title="t",
    origin="cli",
    key=None,
    key_digest=None,
    created_at=NOON,
    judge=Judge.AGENT,
    judge_agent="j",
)


def test_each_field_is_taken_over_or_its_own() -> None:
    """A new field of a task has to be put in one of the two."""
    assert {*Task._fields} == TAKEN_OVER | OF_ITS_OWN
    marked: Any = [f"<{name}>" for name in Task._fields]
    asked = Task(*marked)
    made = task_of(PLAN, a_change(), [asked], NOON)
    taken = {name for name in Task._fields if getattr(made, name) == getattr(asked, name)}
    assert taken == TAKEN_OVER
