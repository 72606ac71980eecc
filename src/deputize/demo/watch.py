"""Watching a store until its tasks have ended, and telling what happens as it happens."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.desk import history, tasks
from deputize.desk.logs import Tail
from deputize.errors import ConfigError, DeputizeError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deputize.demo.crew import Crew
    from deputize.demo.narrator import Narrator
    from deputize.demo.stage import Stage
    from deputize.desk.context import Desk
    from deputize.desk.tasks import TaskView
    from deputize.model.attempt import Attempt

LOOK_SECONDS = 0.1
QUIET_SECONDS = 120.0
"""Without news for so long, something hangs."""
LOG_IN = (
    "log in to the agent, or set its token or key (for Copilot GH_TOKEN), or give it a provider in"
    " config.toml; `deputize demo` alone needs neither"
)
HOPELESS = frozenset({Outcome.AUTH_FAILED, Outcome.AGENT_MISSING})
"""Outcomes that another try would not change."""
DELIVERY_SECONDS = 15.0
"""How long notifications may take once the last task has ended."""


class Watch:
    """What has been told so far of a store's tasks."""

    def __init__(
        self,
        desk: Desk,
        narrator: Narrator,
        stage: Stage,
        ids: Sequence[int],
        on_end: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Begin with what is not in the journal yet; `on_end` hears of each task that ends."""
        self._desk = desk
        self._narrator = narrator
        self._ids = ids
        self._on_end = on_end
        self._ended: set[int] = set()
        self._told = max((entry.id for entry in history.entries(desk)), default=0)
        self._tails: dict[int, Tail] = {}
        self._notified = Tail(stage.notified)
        self._arrived_count = self._delivered_count = 0
        self._side_by_side = False

    def until_over(self, crew: Crew, quiet_seconds: float = QUIET_SECONDS) -> None:
        """Tell the news until all tasks have ended and everybody has been told.

        Raises DeputizeError where the worker ends, or nothing happens for `quiet_seconds`.
        """
        news_at = time.monotonic()
        while True:
            exit_code = crew.exit_code
            if self._news():
                news_at = time.monotonic()
            quiet = time.monotonic() - news_at
            if self._is_over(quiet):
                return
            if exit_code is not None:
                raise self._trouble(f"the worker ended with exit code {exit_code}")
            if quiet > quiet_seconds:
                raise self._trouble(f"nothing has happened for {quiet_seconds:g} seconds")
            tasks.await_commit(self._desk, time.monotonic() + LOOK_SECONDS)

    def _news(self) -> bool:
        found = [tasks.view(self._desk, task_id) for task_id in self._ids]
        self._give_up_hopeless(found)
        counts = [
            self._tell_events(),
            self._tell_side_by_side(found),
            sum(self._tell_log(attempt) for view in found for attempt in view.attempts),
            self._tell_notifications(),
        ]
        self._note_ends(found)
        return any(counts)

    def _note_ends(self, found: Sequence[TaskView]) -> None:
        ended = {view.task.id for view in found if view.task.is_final}
        for task_id in ended - self._ended:
            self._on_end(task_id)
        self._ended |= ended

    def _is_over(self, quiet: float) -> bool:
        everybody_told = min(self._arrived_count, self._delivered_count) >= len(self._ids)
        return len(self._ended) == len(self._ids) and (everybody_told or quiet > DELIVERY_SECONDS)

    def _tell_events(self) -> int:
        news = history.entries(self._desk, after=self._told)
        for entry in news:
            self._told = entry.id
            self._narrator.event(entry)
            self._delivered_count += entry.kind == "notification.delivered"
        return len(news)

    def _tell_log(self, attempt: Attempt) -> int:
        if attempt.log is None:
            return 0
        tail = self._tails.setdefault(attempt.id, Tail(Path(attempt.log)))
        lines = list(tail.lines(ended=attempt.finished_at is not None))
        for line in lines:
            self._narrator.log_line(attempt.task, line, attempt.workspace)
        return len(lines)

    def _tell_notifications(self) -> int:
        lines = list(self._notified.lines())
        for line in lines:
            self._narrator.say(None, f"notified: {line}")
        self._arrived_count += len(lines)
        return len(lines)

    def _tell_side_by_side(self, found: Sequence[TaskView]) -> int:
        """Point out, once, that several agents are at work at this moment."""
        working = [
            attempt
            for view in found
            for attempt in view.attempts
            if attempt.finished_at is None and attempt.workspace and attempt.processes
        ]
        if self._side_by_side or len(working) < 2:  # noqa: PLR2004 - several
            return 0
        self._side_by_side = True
        self._narrator.say(None, "side by side, each in a worktree of its own:")
        for attempt in working:
            self._narrator.say(attempt.task, f"  {attempt.workspace}")
        return 1

    @staticmethod
    def _give_up_hopeless(found: Sequence[TaskView]) -> None:
        """Raise ConfigError where an agent can't work here, so that nobody waits for its tries."""
        for attempt in (attempt for view in found for attempt in view.attempts):
            if attempt.outcome in HOPELESS:
                raise ConfigError(f"{attempt.agent} can't work here: {attempt.error}", hint=LOG_IN)

    def _trouble(self, what: str) -> DeputizeError:
        home = self._desk.home
        hint = f"look into {home.logs}, and DEPUTIZE_HOME={home.path} deputize status"
        return DeputizeError(what, hint=hint)
