"""What a hook is given: one JSON document, whose texts are redacted by whoever calls. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from deputize.model.retry import Again

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.attempt import ToolUse, Usage
    from deputize.model.hook import HookKind
    from deputize.model.policy import Action, Decision
    from deputize.model.retry import Over

Fields = dict[str, object]
SCHEMA = "deputize.hook/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every document of one session says."""

    role: str
    agent: str
    workspace: str | None
    repo: str | None = None
    task: int | None = None
    """None where the agent is given a prompt at once, without a task."""
    attempt: int | None = None
    """Its number within the task."""

    def document(self, kind: HookKind, session: str | None, more: Fields) -> Fields:
        """Put together what is given to a hook of this kind."""
        facts: Fields = {
            "schema": SCHEMA,
            "hook": kind.value,
            "task": self.task,
            "attempt": self.attempt,
            "session": session,
            "role": self.role,
            "agent": self.agent,
            "repo": self.repo,
            "workspace": self.workspace,
        }
        return facts | more


def call_of(action: Action, decision: Decision) -> Fields:
    """Describe a tool call, and what was decided of it so far."""
    return {
        "call": {
            "tool": action.tool.value,
            "name": action.name,
            "summary": action.summary,
            "arguments": _arguments(action.arguments),
            "command": action.command,
            "paths": list(action.paths),
            "hosts": list(action.hosts),
        },
        "decision": {
            "verdict": decision.verdict.value,
            "rule": decision.rule,
            "reason": decision.reason,
        },
    }


def _arguments(written: str) -> object:
    try:
        return json.loads(written) if written else None
    except (ValueError, RecursionError):
        return written


def result_of(name: str, summary: str, output: str, *, ok: bool, denied: bool) -> Fields:
    """Describe what came of a tool call."""
    told = {"name": name, "summary": summary, "ok": ok, "denied": denied, "output": output}
    return {"result": told}


def end_of(
    outcome: str, error: str | None, summary: str | None, usage: Usage, tools: tuple[ToolUse, ...]
) -> Fields:
    """Describe how a session ended, and what was done in it."""
    return {
        "end": {
            "outcome": outcome,
            "error": error,
            "summary": summary,
            "usage": {
                "input_tokens": usage.input_tokens,
                "output_tokens": usage.output_tokens,
                "cost_usd": usage.cost_usd,
            },
            "tools": [asdict(use) for use in tools],
        }
    }


def error_of(outcome: str, message: str | None, step: Again | Over, what_to_do: str) -> Fields:
    """Describe what went wrong, and what is done next."""
    return {
        "error": {"outcome": outcome, "message": message, "what_to_do": what_to_do},
        "next": _next(step),
    }


def _next(step: Again | Over) -> Fields:
    if isinstance(step, Again):
        return {"step": "retry", "not_before": _moment(step.not_before), "tried": step.tried}
    return {"step": "fail", "not_before": None, "tried": None}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
