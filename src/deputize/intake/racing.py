"""Make a race of one task: the same for each of several agents, as a plan that lands one change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from deputize.errors import InvalidInput
from deputize.incoming import shown
from deputize.intake.fields import Who
from deputize.intake.validation import agent_for, check_agent, check_spec
from deputize.model.plan import PlannedTask, PlanSpec
from deputize.model.race import (
    JUDGE_ROLE,
    LEAST_RUNNERS,
    MOST_RUNNERS,
    AskedJudge,
    judge_of,
    runner_of,
)
from deputize.model.task import Place, TaskSpec, title_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.config.settings import Config
    from deputize.model.race import Runner

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
    judge: AskedJudge = AskedJudge()


class ReadyJudge(NamedTuple):
    """An agent that can judge, as the settings have it."""

    agent: str
    model: str | None
    provider: str | None


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
        judge=asked.judge.judge,
        judge_by=asked.judge.who,
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


def read_judge(word: str, where: str = "judge") -> AskedJudge:
    """Read how it is judged, as it is typed; InvalidInput where it means nothing."""
    found = judge_of(word)
    if found is None or (found.who and Who().problem(found.who.label)):
        hint = "an agent may have a name, and a model: agent:claude, agent:codex:gpt-5"
        message = f"{where}: must be checks, smallest or agent, not {shown(word)}"
        raise InvalidInput(message, hint=hint, field="judge")
    return found


def ready_judge(who: Runner | None, config: Config) -> ReadyJudge:
    """Return the agent that judges; InvalidInput or ConfigError where it can't."""
    asked = TaskSpec(
        prompt="",
        role=JUDGE_ROLE,
        place=Place.READ_ONLY,
        agent=who.agent if who else None,
        model=who.model if who else None,
    )
    try:
        check_agent(asked, config)
    except InvalidInput as error:
        error.within("judge")
        raise
    agent = agent_for(asked, config)
    return ReadyJudge(agent, asked.model, config.provider_of(agent, JUDGE_ROLE))


def require_change(spec: TaskSpec, config: Config) -> None:
    """Raise InvalidInput where a role need not end with a change: then nothing could be judged."""
    role = config.role(spec.role)
    if role is not None and role.change != "required":
        message = f"a race lands a change, and the role {spec.role} need not make one"
        raise InvalidInput(message, hint="use the role writer, or leave out the race", field="role")
