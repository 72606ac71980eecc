"""The JSON document of tasks side by side, redacted."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from deputize.desk.documents import error_document, plan_head, race_document, usage_document
from deputize.redaction import redacted_value

if TYPE_CHECKING:
    from deputize.desk.comparing import Compared, Comparison
    from deputize.desk.documents import Document


def comparison_document(comparison: Comparison) -> Document:
    """Describe the tasks of a plan side by side."""
    plan = comparison.view
    document = {
        **plan_head(plan.plan),
        "race": race_document(plan.race),
        "state": plan.state,
        "tasks": [_compared_document(row) for row in comparison.rows],
    }
    return cast("Document", redacted_value(document))


def _compared_document(row: Compared) -> Document:
    task, change = row.view.task, row.view.change
    return {
        "id": task.id,
        "title": task.title,
        "agent": row.agent,
        "model": row.model,
        "state": task.state,
        "waiting_for": row.view.waiting_for,
        "error": error_document(task),
        "change": {"id": change.id, "state": change.state} if change else None,
        "chosen": row.is_chosen,
        "files": row.size.file_count if row.size else None,
        "added": row.size.added if row.size else None,
        "removed": row.size.removed if row.size else None,
        "checks": [
            {"name": check.name, "passed": check.passed, "seconds": check.seconds}
            for check in row.checks
        ],
        "attempt_count": len(row.view.attempts),
        "seconds": row.seconds,
        "usage": usage_document(row.usage),
    }
