"""A check as a JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.store.rows import to_text

if TYPE_CHECKING:
    from deputize.model.agent_check import AgentCheck, StepDone


def check_document(found: AgentCheck) -> dict[str, object]:
    """Return a check as a JSON document."""
    return {
        "agent": found.agent,
        "kind": found.kind,
        "version": found.version,
        "path": found.path,
        "login": found.login,
        "canary": found.canary,
        "passed": found.passed,
        "checked_at": to_text(found.checked_at),
        "took_seconds": found.milliseconds / 1000,
        "steps": [_step(done) for done in found.steps],
    }


def _step(done: StepDone) -> dict[str, object]:
    return {
        "step": done.step,
        "state": done.state,
        "text": done.text,
        "took_seconds": done.milliseconds / 1000,
    }
