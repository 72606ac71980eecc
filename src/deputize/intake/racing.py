"""Make a race of one task: the same for each of several agents, as a plan that lands one change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput
from deputize.intake.fields import Who
from deputize.intake.validation import check_spec
from deputize.model.plan import PlannedTask, PlanSpec
from deputize.model.race import LEAST_RUNNERS, MOST_RUNNERS, Judge, runner_of
from deputize.model.task import Place, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.config.settings import Config
    from deputize.model.task import TaskSpec

NOT_FOR_ALL = ("agent", "model")
"""What a race says itself."""
NOT_IN_A_RACE = (*NOT_FOR_ALL, "session", "key")
"""What its task can't have: each is one agent's, or one task's."""
_HINTS = {
    "agent": "leave it out: the race names the agents",
    "model": "write it with its agent, such as `codex:gpt-5`",
    "session": "leave it out: each agent begins a session of its own",
    "place": "leave it out: each agent gets a worktree of its own",
}


class AskedRace(NamedTuple):
    """Who is to run, and who judges."""

    agents: Sequence[str]
    judge: Judge = Judge.CHECKS


def race_of(spec: TaskSpec, asked: AskedRace) -> PlanSpec:
    """Make the plan of a race; InvalidInput where the task, or who runs, is not fit for one."""
    check_runners(asked.agents)
    for name in ("agent", "model", "session", "place"):
        if getattr(spec, name) not in {None, Place.WORKTREE}:
            message = f"a race takes no {name} for its task"
            raise InvalidInput(message, hint=_HINTS[name], field=name)
    check_spec(spec)
    return PlanSpec(
        tasks=tuple(_entrant(spec, word) for word in asked.agents),
        title=title_of(spec.title or spec.prompt),
        key=spec.key,
        origin=spec.origin,
        judge=asked.judge,
    )


def _entrant(spec: TaskSpec, word: str) -> PlannedTask:
    runner = runner_of(word)
    own = replace(spec, agent=runner.agent, model=runner.model, key=None)
    return PlannedTask(name=runner.label, spec=own, is_entrant=True)


def check_runners(words: Sequence[str]) -> None:
    """Check how many run, and that each is an agent, or agent:model."""
    if not LEAST_RUNNERS <= len(words) <= MOST_RUNNERS:
        message = f"a race takes {LEAST_RUNNERS} to {MOST_RUNNERS} agents, not {len(words)}"
        hint = "name them with commas, such as copilot,codex:gpt-5; the same one may run twice"
        raise InvalidInput(message, hint=hint, field="race")
    for word in words:
        problem = Who().problem(word)
        if problem:
            hint = "`deputize agents` lists the agents"
            raise InvalidInput(f"who runs in a race {problem}", hint=hint, field="race")


def require_change(spec: TaskSpec, config: Config) -> None:
    """Raise InvalidInput where a role need not end with a change: then nothing could be judged."""
    role = config.role(spec.role)
    if role is not None and role.change != "required":
        message = f"a race lands a change, and the role {spec.role} need not make one"
        raise InvalidInput(message, hint="use the role writer, or leave out the race", field="role")
