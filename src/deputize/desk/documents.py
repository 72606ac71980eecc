"""The JSON documents that every surface gives out, redacted. Programs rely on their fields.

Moments are RFC 3339 in UTC, ids are integers, lists are arrays; what isn't there is null.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from deputize.model.budget import MICRO
from deputize.model.outcome import MEANINGS
from deputize.redaction import redacted_value
from deputize.showing import json_name
from deputize.store.chain import content_of
from deputize.store.rows import maybe_text, to_text

if TYPE_CHECKING:
    from deputize.desk.plans import Kin, PlanView
    from deputize.desk.races import JudgingView, RaceView
    from deputize.desk.tasks import TaskView
    from deputize.model.activity import Activity
    from deputize.model.approval import Approval
    from deputize.model.attempt import Attempt, Usage
    from deputize.model.barrier import Barrier
    from deputize.model.budget import Spent, Standing
    from deputize.model.change import Change
    from deputize.model.event import Entry
    from deputize.model.plan import Plan, SubmittedPlan
    from deputize.model.task import Task
    from deputize.model.worker import Worker

Document = dict[str, object]


def barrier_document(barrier: Barrier) -> Document:
    """Describe what is closed."""
    return _clean(
        {
            "kind": barrier.kind,
            "name": barrier.name or None,
            "cause": barrier.cause,
            "since": to_text(barrier.since),
            "until": maybe_text(barrier.until),
            "by": barrier.by,
            "reason": barrier.reason,
        }
    )


def standing_document(standing: Standing) -> Document:
    """Describe what was spent on an account, and of what; tokens without a price are told apart."""
    account, spent, ceiling = standing.account, standing.spent, standing.ceiling
    return {
        "scope": account.scope,
        "name": account.name,
        "tokens": spent.tokens,
        "unpriced_tokens": spent.unpriced_tokens,
        "cost_usd": cost_of(spent),
        "budget": {"tokens": ceiling.tokens, "usd": ceiling.usd} if ceiling.is_set else None,
    }


def cost_of(spent: Spent) -> float | None:
    """Return the dollars of what was spent; None where no token of it has a price."""
    if spent.tokens and spent.unpriced_tokens == spent.tokens:
        return None
    return spent.microdollars / MICRO


def task_document(view: TaskView) -> Document:
    """Describe a task with all that is known of it."""
    task, change = view.task, view.change
    return _clean(
        {
            "id": task.id,
            "title": task.title,
            "prompt": task.prompt,
            "role": task.role,
            "kind": task.kind,
            "state": task.state,
            "held": task.held,
            "waiting_for": view.waiting_for,
            "priority": task.priority,
            "repo": task.repo,
            "base": task.base,
            "target": task.target,
            "scope": task.scope,
            "agent": task.agent,
            "model": task.model,
            "provider": task.provider,
            "needs": [{"id": need.id, "on": need.on} for need in view.needs],
            "attempts": [attempt_document(attempt) for attempt in view.attempts],
            "change": {"id": change.id, "state": change.state} if change else None,
            "approvals": [approval_document(approval) for approval in view.approvals],
            "created_at": to_text(task.created_at),
            "started_at": maybe_text(task.started_at),
            "finished_at": maybe_text(task.finished_at),
            "result": task.result,
            "error": error_document(task),
            "labels": task.labels,
            "plan": task.plan,
            "origin": task.origin,
            "output": task.output,
            "commands": task.commands,
        }
    )


def shown_document(view: TaskView, related: Kin) -> Document:
    """Describe a task that is looked at alone: with the race that it runs in, null without one."""
    return task_document(view) | {"race": race_document(related.race)}


def error_document(task: Task) -> Document | None:
    """Describe why a task failed or was cancelled."""
    if task.reason is None:
        return None
    return {"reason": task.reason, "message": task.message, "hint": what_to_do(task)}


def what_to_do(task: Task) -> str | None:
    """Say what a person can do about a task that failed or was cancelled."""
    if task.reason is None:
        return None
    return MEANINGS[task.reason].what_to_do.replace("ID", str(task.id))


def plan_document(view: PlanView) -> Document:
    """Describe a plan with its tasks, each after those that it needs."""
    return _clean(
        {
            **plan_head(view.plan),
            "race": race_document(view.race),
            "state": view.state,
            "counts": dict(view.counts),
            "spent": None if view.spent is None else standing_document(view.spent),
            "tasks": [
                {
                    "id": each.task.id,
                    "title": each.task.title,
                    "role": each.task.role,
                    "agent": each.task.agent,
                    "state": each.task.state,
                    "held": each.task.held,
                    "waiting_for": each.waiting_for,
                    "needs": [{"id": need.id, "on": need.on} for need in each.needs],
                    "unblocks": [
                        {"id": task, "on": on} for task, on in view.unblocks.get(each.task.id, ())
                    ],
                }
                for each in view.tasks
            ],
        }
    )


def submitted_document(submitted: SubmittedPlan) -> Document:
    """Describe a plan that was submitted; in a trial, what has no id yet has null."""
    from deputize.desk.races import asked_race

    return _clean(
        {
            **plan_head(submitted.plan),
            "race": race_document(asked_race(submitted.plan)),
            "created": submitted.created and bool(submitted.plan.id),
            "tasks": [
                {
                    "name": placed.name,
                    "id": placed.task.id or None,
                    "title": placed.task.title,
                    "role": placed.task.role,
                    "agent": placed.task.agent,
                    "state": placed.task.state,
                    "repo": placed.task.repo,
                    "target": placed.task.target,
                    "base": placed.task.base,
                    "needs": [{"id": need, "on": on} for need, on in placed.needs],
                }
                for placed in submitted.tasks
            ],
        }
    )


def plan_head(plan: Plan) -> Document:
    """Describe a plan without its tasks."""
    return {
        "id": plan.id or None,
        "title": plan.title,
        "key": plan.key,
        "origin": plan.origin,
        "created_at": to_text(plan.created_at),
    }


def activity_document(attempt: Attempt, known: Activity) -> Document:
    """Describe what a running attempt does, as of its worker's last heartbeat."""
    told: Document = {
        "task": attempt.task,
        "attempt": attempt.number,
        "doing": known.doing(datetime.now(UTC)),
        **known._asdict(),
        "since": to_text(known.since),
        "heard_at": to_text(known.heard_at),
    }
    return _clean(told)


def race_document(race: RaceView | None) -> Document | None:
    """Describe a race; null where there is none."""
    if race is None:
        return None
    return {
        "judge": race.judge,
        "judge_agent": race.agent,
        "judge_model": race.model,
        "winner": race.winner,
        "judging": None if race.judging is None else _judging_document(race.judging),
    }


def _judging_document(judging: JudgingView) -> Document:
    """Describe what an agent was asked that judges; all is null that it has not said yet."""
    return _clean(
        {
            "task": judging.task,
            "candidates": [
                {"letter": one.letter, "task": one.task, "change": one.change}
                for one in judging.candidates
            ],
            "choice": judging.best_task,
            "fallback": judging.fallback,
            "reason": judging.reason,
        }
    )


def attempt_document(attempt: Attempt) -> Document:
    """Describe an attempt."""
    return _clean(
        {
            "number": attempt.number,
            "worker": attempt.worker,
            "agent": attempt.agent,
            "model": attempt.model,
            "session": attempt.session,
            "workspace": attempt.workspace,
            "sandbox": attempt.sandbox,
            "pid": _pid(attempt.processes[0]) if attempt.processes else None,
            "started_at": to_text(attempt.started_at),
            "finished_at": maybe_text(attempt.finished_at),
            "outcome": attempt.outcome,
            "exit_code": attempt.exit_code,
            "error": attempt.error,
            "usage": usage_document(attempt.usage),
            "tools": [
                {
                    "name": tool.name,
                    "count": tool.count,
                    "denied_count": tool.denied_count,
                    "failed_count": tool.failed_count,
                }
                for tool in attempt.tools
            ],
            "summary": attempt.summary,
            "log": attempt.log,
            "unusable_answer": attempt.unusable_answer,
        }
    )


def usage_document(usage: Usage) -> Document:
    """Describe what was used; what has no price costs null."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cost_usd": None if usage.cost_usd is None else float(usage.cost_usd),
    }


def change_document(change: Change) -> Document:
    """Describe a change."""
    files = [
        {
            "path": json_name(file.path),
            "op": file.op,
            "before": file.before,
            "after": file.after,
            "added": file.added,
            "removed": file.removed,
        }
        for file in change.files
    ]
    return _clean(
        {
            "id": change.id,
            "task": change.task,
            "state": change.state,
            "base": change.base,
            "head": change.head,
            "tree": change.tree,
            "files": files,
            "added": change.added,
            "removed": change.removed,
            "risk": change.risk,
            "reason": change.reason,
            "landed_commit": change.landed_commit,
            "batch": change.batch,
        }
    )


def approval_document(approval: Approval) -> Document:
    """Describe a question to a person."""
    return _clean(
        {
            "id": approval.id,
            "subject": approval.subject,
            "reason": approval.reason,
            "risk": approval.risk,
            "state": approval.state,
            "asked_at": to_text(approval.asked_at),
            "deadline_at": maybe_text(approval.deadline_at),
            "answered_at": maybe_text(approval.answered_at),
            "answered_by": approval.answered_by,
        }
    )


def worker_document(worker: Worker, *, alive: bool) -> Document:
    """Describe a worker; `alive` where its process runs, or its heart beats where we can't look."""
    return _clean(
        {
            "id": worker.id,
            "host": worker.host,
            "pid": _pid(worker.identity),
            "roles": worker.roles,
            "slots": worker.slots,
            "started_at": to_text(worker.started_at),
            "seen_at": to_text(worker.seen_at),
            "draining": worker.draining,
            "alive": alive,
        }
    )


def event_document(entry: Entry) -> Document:
    """Describe an entry of the journal; `seq` and `hash` are null until it is sealed."""
    return _clean(content_of(entry) | {"hash": entry.hash})


def _pid(identity: str) -> int | None:
    number = identity.partition(":")[0]
    return int(number) if number.isdecimal() else None


def _clean(document: Document) -> Document:
    return cast("Document", redacted_value(document))
