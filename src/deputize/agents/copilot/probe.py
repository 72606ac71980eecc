"""What a Copilot runtime says before any session: that it is there, and who is logged in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.agents.base import Probed
from deputize.agents.copilot.login import login_of
from deputize.agents.copilot.run import launch_of, start
from deputize.agents.copilot.sdk import Runtime
from deputize.errors import AgentError
from deputize.model.agent_check import CheckStep, StepState
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.agents.base import Job
    from deputize.agents.copilot.login import Login

HINT = "`copilot login`, or set COPILOT_GITHUB_TOKEN, or use a provider of your own"


async def probe(program: str, job: Job, tell: Callable[[Probed], None], *, log_level: str) -> None:
    """Start the runtime `program`, ask it, and end it; raises AgentError."""
    login = login_of(job)
    launch = launch_of(program, job, login, log_level=log_level)
    runtime = Runtime(replace(launch, token=login.token))
    try:
        await start(runtime)
        tell(Probed(step=CheckStep.START, text="the runtime runs"))
        tell(Probed(step=CheckStep.PING, text=f"version {await runtime.version()}"))
        tell(await _authenticated(runtime, login))
    finally:
        await runtime.close()


async def _authenticated(runtime: Runtime, login: Login) -> Probed:
    if login.provider is not None:
        text = "only the provider can say whether it takes the key"
        return Probed(step=CheckStep.AUTH, text=text, state=StepState.NOT_APPLICABLE)
    user = await runtime.user()
    if user is None:
        whose = "the token is not taken" if login.token else "nobody is logged in"
        raise AgentError(Outcome.AUTH_FAILED, whose, hint=HINT)
    return Probed(step=CheckStep.AUTH, text=f"logged in: {user}")
