"""What an attempt's agent sets out with: what serves it, what it is asked, what it may do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from deputize.agents.base import Job
from deputize.agents.providers import served
from deputize.agents.registry import agent_from, settings_for
from deputize.config.dotenv import read_variables
from deputize.config.models import models_of, names_of_login, names_of_provider
from deputize.errors import AgentError, ConfigError, NotFound
from deputize.gate.ask import gate_for
from deputize.gate.holding import bounds_for, policy_of
from deputize.gate.steady import steady
from deputize.model.agent import asks_always, is_told_by_folder, reads_agents_file
from deputize.model.outcome import Outcome
from deputize.model.task import Place
from deputize.redaction.known import secrets_among
from deputize.worker.asking import with_people
from deputize.worker.benches import answers_with_request, may_edit, may_touch
from deputize.worker.judging import verdict_form
from deputize.worker.project import about_project
from deputize.worker.prompt import compose
from deputize.worker.requesting import request_form
from deputize.worker.sheltering import launcher_for
from deputize.workshop import aside
from deputize.workspace.processes.environment import agent_environment, attempt_marker, markers

if TYPE_CHECKING:
    from deputize.agents.base import Agent, Gate
    from deputize.agents.providers import Served
    from deputize.config.dotenv import Variables
    from deputize.gate.ask import Record
    from deputize.model.agent import AgentSettings
    from deputize.model.task import Task
    from deputize.worker.benches import Bench
    from deputize.worker.form import Form
    from deputize.worker.running import Running
    from deputize.worker.steps import Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """All that a run takes."""

    agent: Agent
    job: Job
    gate: Gate
    form: Form[Any] | None
    """What its answer has to be, where that isn't words."""


async def set_out(running: Running, bench: Bench) -> Outfit:
    """Put together what the task's agent takes; AgentError where something can't be had."""
    steps = running.steps
    _require_held(steps.claim.task, bench)
    # A keyring may ask its user first, and leases have to be renewed meanwhile.
    variables, found = await aside(_served, steps, bench)
    steps.hide((*found.secrets.values(), *secrets_among(variables.all)))
    agent = _agent(running, bench, variables)
    steps.log.milestone(f"its models come through {found.link}")
    begins = await steps.is_new_session()
    prompt = await _prompt(running, bench)
    job = _job(steps, bench, variables, found, begins=begins, prompt=prompt)
    job = await _let_in(steps, bench, agent, job)
    _note_served(running, bench, job)
    form = await _form(steps, bench, agent, job)
    agent, job = (form.agent, form.job) if form else (agent, job)
    settings = settings_for(steps.claim.task.agent, bench.config.agents)
    record = running.calls.decided
    asked = _gate(running, bench, record)
    answered = with_people(asked, running, settings, bench.config.policy, record)
    gate = steady(answered, str(bench.path.resolve()), record)
    return Outfit(agent=agent, job=job, gate=gate, form=form)


async def _let_in(steps: Steps, bench: Bench, agent: Agent, job: Job) -> Job:
    """Return the job with what starts its programs in the sandbox."""
    settings = settings_for(steps.claim.task.agent, bench.config.agents)
    launcher = await launcher_for(steps, bench, agent, settings, job)
    environment = {**job.environment, **launcher.variables}
    return replace(job, launcher=launcher.prefix, environment=environment)


async def _form(steps: Steps, bench: Bench, agent: Agent, job: Job) -> Form[Any] | None:
    """Return the form that the agent has to answer in; None where it answers in words."""
    task = steps.claim.task
    if task.is_judge:
        return await verdict_form(steps, agent, job)
    if answers_with_request(task, bench.config):
        return await request_form(steps, bench, agent, job)
    return None


def _note_served(running: Running, bench: Bench, job: Job) -> None:
    """Note where its model is served: that prices its calls, and is kept with its session."""
    running.provider = job.provider
    running.models = models_of(bench.config)
    running.served_by = (
        names_of_provider(job.provider.name, job.provider.base_url)
        if job.provider
        else names_of_login(running.steps.claim.task.agent, bench.config)
    )


def _require_held(task: Task, bench: Bench) -> None:
    """Raise AgentError where an agent that doesn't ask for each tool call is to be held to some."""
    role = bench.config.role(task.role)
    of_role = role is not None and role.tools is not None
    hook = bench.config.hook_on_calls(task.role, task.agent)
    if of_role:
        who = f"the role {task.role} may only use some tools"
    elif policy_of(task, bench.config).restricts_calls:
        who = "the policy has rules"
    elif hook is not None:
        who = f"the hook {hook} decides tool calls"
    else:
        return
    if not asks_always(task.agent, settings_for(task.agent, bench.config.agents)):
        message = f"{who}: {task.agent} can't be held to it"
        hint = "`deputize agents` shows which ask before each tool call"
        raise AgentError(Outcome.POLICY_DENIED, message, hint=hint)


def _served(steps: Steps, bench: Bench) -> tuple[Variables, Served]:
    """Return what is set for agents, and what serves this one; AgentError where it can't be had."""
    task, config = steps.claim.task, bench.config
    named = task.provider or config.provider_of(task.agent, task.role)
    try:
        agent = settings_for(task.agent, config.agents)
        variables = read_variables(steps.shop.home)
        return variables, served(agent, config, variables, provider=named, model=task.model)
    except NotFound as error:
        raise AgentError(Outcome.AGENT_MISSING, error.message, hint=error.hint) from error
    except ConfigError as error:
        raise AgentError(Outcome.AUTH_FAILED, error.message, hint=error.hint) from error


def _agent(running: Running, bench: Bench, variables: Variables) -> Agent:
    """Return the task's agent; AgentError where the settings don't have it (any more)."""
    name, pool = running.steps.claim.task.agent, running.pool
    try:
        settings = settings_for(name, bench.config.agents)
        shared = pool if _may_share(running, bench, settings) else None
        return agent_from(name, settings, variables.all, pool=shared)
    except (NotFound, ConfigError) as error:
        raise AgentError(Outcome.AGENT_MISSING, error.message, hint=error.hint) from error


def _may_share(running: Running, bench: Bench, settings: AgentSettings) -> bool:
    """Tell whether an attempt may work in a program that serves others too."""
    is_in_place = running.steps.claim.task.place is Place.IN_PLACE
    return bench.config.sandbox.is_off and not (is_in_place and is_told_by_folder(settings))


async def _prompt(running: Running, bench: Bench) -> str:
    """Compose what the agent is told, with what hooks add to it."""
    steps, task, settings = running.steps, running.steps.claim.task, bench.config
    worded = partial(
        compose,
        task,
        settings.role(task.role),
        settings.checks,
        interrupted=bench.continues,
        requests=answers_with_request(task, settings),
        answers=await steps.answers(),
    )
    context = await aside(_context, steps, bench)
    if running.hooking is not None:
        context += await running.hooking.started()
        context += await running.hooking.prompted(worded(context=context))
    return worded(context=context)


def _context(steps: Steps, bench: Bench) -> list[str]:
    """Return what settings and the project's files say, without secrets."""
    task, said = steps.claim.task, [bench.config.context.project.strip()]
    if bench.config.context.automatic:
        settings = settings_for(task.agent, bench.config.agents)
        known = reads_agents_file(task.agent, settings)
        said.append(about_project(bench.path, reads_agents_file=known))
    return [steps.redactor.redacted(each) for each in said if each]


def _job(
    steps: Steps,
    bench: Bench,
    variables: Variables,
    found: Served,
    *,
    begins: bool,
    prompt: str,
) -> Job:
    task, attempt = steps.claim.task, steps.claim.attempt
    settings = bench.config
    agent = settings_for(task.agent, settings.agents)
    return Job(
        prompt=prompt,
        workspace=bench.path,
        environment=agent_environment(
            agent.env, markers(task.id, attempt_marker(attempt.token)), variables.all
        ),
        secrets=found.secrets,
        session=task.session,
        begins=begins,
        model=found.model,
        provider=found.provider,
        state=steps.shop.home.agents / task.agent,
        may_write=may_touch(task, settings),
    )


def _gate(running: Running, bench: Bench, record: Record) -> Gate:
    steps, task = running.steps, running.steps.claim.task
    bounds = bounds_for(
        policy_of(task, bench.config),
        bench.path,
        steps.shop.home,
        role=bench.config.role(task.role),
        agent=task.agent,
        may_write=may_edit(task, bench.config),
    )

    return gate_for(bounds, record, running.hooking.narrow if running.hooking else None)
