"""Hold what is to change in a task against the rules that held when it was added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.intake.validation import check_agent, check_spec
from deputize.model.task import TaskSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.config.home import Home
    from deputize.model.task import Task

_KEPT = (
    *("prompt", "title", "role", "priority", "agent", "model", "labels"),
    *("timeout_seconds", "idle_timeout_seconds", "attempts", "not_before"),
    *("budget_tokens", "budget_usd"),
)


def check_edits(home: Home, task: Task, wanted: Mapping[str, object]) -> None:
    """Raise InvalidInput where the task would not have been taken like that."""
    asked = {name: getattr(task, name) for name in _KEPT} | dict(wanted)
    spec = TaskSpec(**asked)
    check_spec(spec)
    if "agent" in wanted:
        check_agent(spec, load_config(home.config))
