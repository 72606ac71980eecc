"""A task on one page: what `show` prints."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deputize.desk.documents import what_to_do
from deputize.showing import shown_name
from deputize.surfaces.cli.activity import in_words
from deputize.surfaces.cli.output import bold
from deputize.surfaces.cli.spending import spent_in_words
from deputize.surfaces.cli.task_lines import headline, needs_in_words, state_of
from deputize.surfaces.cli.times import local, span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.plans import Kin
    from deputize.desk.races import RaceView
    from deputize.desk.tasks import TaskView
    from deputize.model.approval import Approval
    from deputize.model.attempt import Attempt, Usage
    from deputize.model.change import Change
    from deputize.model.plan import Plan
    from deputize.model.task import Task
    from deputize.surfaces.cli.output import Output, Part

LONGEST_SHA = 12
SANDBOXES = {
    "workspace": "nothing outside of its workspace could be written to",
    "namespace": "none but a process namespace",
    "off": "none",
}
"""What an attempt ran in, for people."""


def print_page(output: Output, view: TaskView, kin: Kin) -> None:
    """Print all that is known of a task."""
    output.text(*headline(view.task))
    output.table([fact for fact in _facts(view, kin) if fact[1]], indent="  ")
    _section(output, "prompt", view.task.prompt)
    for attempt in view.attempts:
        output.text()
        print_attempt(output, attempt)
    if view.change:
        output.text()
        print_change(output, view.change)
    for approval in view.approvals:
        output.text()
        _print_approval(output, approval)
    if view.task.result:
        _section(output, "result", view.task.result)


def _facts(view: TaskView, kin: Kin) -> Iterator[tuple[str, str]]:
    task = view.task
    yield "waiting for", view.waiting_for or ""
    if task.reason:
        yield "reason", f"{task.reason}: {task.message}" if task.message else task.reason
        yield "what to do", what_to_do(task) or ""
    yield "role", " ".join(filter(None, (task.role, task.kind)))
    yield "agent", " · ".join(filter(None, (task.agent, task.model, task.provider)))
    yield "output", task.output or ""
    yield "where", _where(task)
    yield "scope", ", ".join(task.scope)
    yield "commands", ", ".join(task.commands)
    yield "checks", ", ".join(task.checks)
    yield "plan", f"p{kin.plan.id}: {kin.plan.title}" if kin.plan else ""
    yield "race", _race(kin.plan, kin.race) if kin.plan and kin.race else ""
    yield "judged", kin.race.judging.told if kin.race and kin.race.judging else ""
    yield "needs", needs_in_words((need.id, need.on) for need in view.needs)
    yield "unblocks", ", ".join(f"#{task.id} ({task.title})" for task in kin.unblocks)
    yield "spent", spent_in_words(view.spent) if view.spent else ""
    yield "priority", str(task.priority)
    yield "not before", local(task.not_before) if task.not_before else ""
    yield "added", f"{local(task.created_at)} ({task.origin})"
    yield "started", local(task.started_at) if task.started_at else ""
    yield "ended", local(task.finished_at) if task.finished_at else ""


def _race(plan: Plan, race: RaceView) -> str:
    chosen = f", c{plan.chosen} was chosen" if plan.chosen else ""
    return f"judge {race.label}{chosen}; `deputize compare p{plan.id}`"


def _where(task: Task) -> str:
    if task.repo is None:
        return "an empty folder of its own"
    base = f" from {task.base[:LONGEST_SHA]}" if task.base else ""
    place = "" if task.place == "worktree" else f" ({task.place.replace('_', ' ')})"
    return f"{task.repo} → {task.target}{base}{place}"


def _section(output: Output, title: str, text: str) -> None:
    output.text()
    output.text(bold(title))
    output.prose(text, "  ")


def print_attempt(output: Output, attempt: Attempt) -> None:
    """Print an attempt: who, how long, how it ended, what it used."""
    took = _took(attempt.started_at, attempt.finished_at)
    outcome = str(attempt.outcome) if attempt.outcome else _at_work(attempt)
    output.text(bold(f"attempt {attempt.number}"), f": {outcome}{took}")
    usage = attempt.usage
    facts = (
        ("agent", " · ".join(filter(None, (attempt.agent, attempt.model)))),
        ("worker", attempt.worker),
        ("exit code", "" if attempt.exit_code is None else str(attempt.exit_code)),
        ("error", attempt.error or ""),
        ("tokens", usage.words),
        ("cost", cost_of(usage)),
        ("tools", ", ".join(f"{tool.name} ×{tool.count}" for tool in attempt.tools)),
        ("session", attempt.session or ""),
        ("workspace", attempt.workspace or ""),
        ("sandbox", SANDBOXES.get(attempt.sandbox or "", "")),
        ("saved work", attempt.saved_ref or ""),
        ("log", attempt.log or ""),
        ("its answer", attempt.unusable_answer or ""),
    )
    output.table([fact for fact in facts if fact[1]], indent="  ")
    if attempt.summary:
        output.prose(attempt.summary, "  ")


def _at_work(attempt: Attempt) -> str:
    """Say what an open attempt does, as far as its worker has told."""
    return in_words(attempt.activity, datetime.now(UTC)) if attempt.activity else "at work"


def cost_of(usage: Usage) -> str:
    """Say what something cost; nothing where nothing was used."""
    if usage.cost_usd is not None:
        return f"{usage.cost_usd} USD"
    return "unpriced" if usage.input_tokens or usage.output_tokens else ""


def _took(started_at: datetime, finished_at: datetime | None) -> str:
    return f" after {span((finished_at - started_at).total_seconds())}" if finished_at else ""


def print_change(output: Output, change: Change) -> None:
    """Print a change: its state, files, checks."""
    output.text(bold(f"change c{change.id}"), ": ", state_of(change.state), _why(change))
    facts = (
        ("target", change.target),
        ("landed as", change.landed_commit or ""),
        ("risk", ": ".join(filter(None, (change.risk, "; ".join(change.risk_reasons))))),
    )
    output.table([fact for fact in facts if fact[1]], indent="  ")
    rows: list[tuple[Part, ...]] = [
        (file.op, f"+{file.added} -{file.removed}", _path(file.source, file.path))
        for file in change.files
    ]
    output.table(rows, indent="  ")
    for check in change.checks:
        ended = "passed" if check.passed else f"exit {check.exit_code}"
        ended = "out of time" if check.exit_code is None else ended
        output.text(f"  check {check.name}: {ended} after {span(check.seconds)}")
        if not check.passed:
            output.prose(check.output, "    ")


def _why(change: Change) -> str:
    return f" ({' '.join(change.reason.split())})" if change.reason else ""


def _path(source: str | None, path: str) -> str:
    return f"{shown_name(source)} → {shown_name(path)}" if source else shown_name(path)


def _print_approval(output: Output, approval: Approval) -> None:
    answered = f" by {approval.answered_by}" if approval.answered_by else ""
    output.text(bold(f"approval a{approval.id}"), f": {approval.state}{answered}")
    output.prose(f"{approval.subject}: {approval.reason}", "  ")
    if approval.answer:
        output.prose(approval.answer, "  ")
