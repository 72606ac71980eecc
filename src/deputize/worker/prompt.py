"""The words that an agent is given: the task's own prompt, and what it has to know beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.changes.answers import instructions
from deputize.worker.verifying import deciding_checks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from deputize.config.settings import CheckSettings, RoleSettings
    from deputize.model.approval import Approval
    from deputize.model.task import Task

_KINDS = {
    "feature": "This is a new feature: cover it with tests.",
    "bugfix": "This is a bug fix: mend the cause, and add a test that fails without the fix.",
    "refactor": "This is a refactoring: behaviour stays as it is.",
    "docs": "This is about documentation: leave the code as it is.",
}


_RESUMED = (
    "You have worked on this before and were interrupted. What you had done is in the workspace: "
    "look at it, and go on from there."
)

_ASKED = "A person was asked about tool calls of yours; one that is approved you may make now:"


def compose(
    task: Task,
    role: RoleSettings | None,
    checks: Mapping[str, CheckSettings],
    *,
    interrupted: bool = False,
    requests: bool = False,
    answers: Sequence[Approval] = (),
    context: Sequence[str] = (),
) -> str:
    """Return the prompt of the next attempt; the task's own words come first and unchanged.

    `context` is what else there is to know. `answers` are what people said about tool calls that
    were to wait for them. Where it `requests` a change, how to answer comes last.
    """
    parts = [task.prompt.strip()]
    if role and role.preamble:
        parts.append(role.preamble)
    if task.kind in _KINDS:
        parts.append(_KINDS[task.kind])
    if task.scope:
        listed = "\n".join(f"- {path}" for path in task.scope)
        parts.append(f"Change only files in these places:\n{listed}")
    parts += _about_checks(task, role, checks, requests=requests)
    parts += context
    if task.feedback:
        parts.append(task.feedback)
    elif interrupted:
        parts.append(_RESUMED)
    if answers:
        parts.append("\n".join([_ASKED, *map(_answered, answers)]))
    if requests:
        parts.append(instructions())
    return "\n\n".join(parts)


def _answered(asked: Approval) -> str:
    words = f" ({asked.answer})" if asked.answer else ""
    return f"- {asked.state}{words}: {asked.subject}"


def _about_checks(
    task: Task, role: RoleSettings | None, checks: Mapping[str, CheckSettings], *, requests: bool
) -> list[str]:
    deciding = deciding_checks(task, role, checks)
    if deciding:
        said = "When you are done these run in the workspace, and decide:"
        return [f"{said}\n{_listed(deciding.values())}"]
    named = [check for name, check in checks.items() if check.required or name in task.checks]
    lands = task.place == "worktree" and not (role and role.change == "forbidden")
    if not named or not lands:
        return []
    advice = "" if requests else "; run them yourself first"
    return [f"Your work lands only if these pass{advice}:\n{_listed(named)}"]


def _listed(checks: Iterable[CheckSettings]) -> str:
    return "\n".join(f"- `{check.command}`" for check in checks)
