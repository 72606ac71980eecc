"""Which agents a task can be given to: found here, logged in, checked."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from deputize.agents.copilot.stored import stored_user
from deputize.agents.providers import served
from deputize.agents.registry import agent_from, settings_for
from deputize.config.agents import agent_names
from deputize.config.dotenv import read_variables
from deputize.config.load import load_config
from deputize.desk.check.document import check_document
from deputize.desk.context import open_desk
from deputize.desk.doctor.repository import has_store
from deputize.errors import ConfigError
from deputize.model.agent_check import Canary, StepState
from deputize.store import agent_checks
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config
    from deputize.model.agent import AgentSettings
    from deputize.model.agent_check import AgentCheck
    from deputize.store.database import Transaction

NOT_CHECKED = "not checked"


class Credentials(NamedTuple):
    """What an agent would log in with, as far as that is known without a session."""

    text: str
    there: bool | None
    """None where only the agent itself knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent by name, as it is set up and found here."""

    name: str
    kind: str
    default: bool
    path: str | None
    version: str | None
    how: str | None
    """What led to its program."""
    credentials: Credentials
    problem: str | None
    hint: str | None
    check: AgentCheck | None = None
    """The newest check of this version on this machine."""
    canary: Canary | None = None
    """The verdict that counts: the newest of this version, whatever later checks came to."""

    @property
    def is_unfit(self) -> bool:
        """Tell whether this version did not obey the gate."""
        return self.canary is Canary.FAILED


def listing(home: Home) -> list[AgentView]:
    """Return every agent, the built-in ones first, with their checks; starts no session.

    Raises StoreError where the store, in which the checks are, can't be read.
    """
    views = found_here(home)
    if not has_store(home):
        return views
    with open_desk(home) as desk, desk.database.read() as transaction:
        return [_with_check(transaction, view, this_host()) for view in views]


def _with_check(transaction: Transaction, view: AgentView, host: str) -> AgentView:
    asked = (transaction, view.name, view.version, host)
    return replace(view, check=agent_checks.latest(*asked), canary=agent_checks.canary_of(*asked))


def found_here(home: Home) -> list[AgentView]:
    """Return every agent without its checks; looks for programs, and asks some for a version."""
    from concurrent.futures import ThreadPoolExecutor

    config, variables = load_config(home.config), read_variables(home)
    names = agent_names(config.agents)
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda name: _view(name, config, variables), names))


def _view(name: str, config: Config, variables: Variables) -> AgentView:
    settings = settings_for(name, config.agents)
    view = AgentView(
        name=name,
        kind=settings.kind or "command",
        default=name == config.default_agent,
        path=None,
        version=None,
        how=None,
        credentials=_credentials(name, settings, config, variables),
        problem=None,
        hint=None,
    )
    try:
        found = agent_from(name, settings, variables.all).find()
    except ConfigError as error:
        return replace(view, problem=error.message, hint=error.hint)
    return replace(
        view,
        path=found.path,
        version=found.version,
        how=found.how,
        problem=found.problem,
        hint=found.hint,
    )


def _credentials(
    name: str, settings: AgentSettings, config: Config, variables: Variables
) -> Credentials:
    try:
        found = served(settings, config, variables, provider=config.provider_of(name))
    except ConfigError as error:
        return Credentials(error.message, there=False)
    if found.provider or found.secrets:
        return Credentials(found.link, there=True)
    if settings.kind != "copilot":
        return Credentials("its own", there=None)
    user = stored_user(os.environ)
    return Credentials(f"stored login of {user}" if user else "not logged in", there=bool(user))


def check_words(view: AgentView) -> str:
    """Say in a few words what the check of an agent found, and on which day."""
    check = view.check
    if check is None:
        return "canary failed on another machine" if view.is_unfit else NOT_CHECKED
    day = check.checked_at.astimezone().strftime("%Y-%m-%d")
    failed = next((done.step for done in check.steps if done.state is StepState.FAILED), None)
    before = "canary failed before" if view.is_unfit else "no canary"
    canary = f"canary {check.canary}" if check.canary else before
    where = f", failed at {failed}" if failed and check.canary is not Canary.FAILED else ""
    return f"checked {day}: {canary}{where}"


def agent_document(view: AgentView) -> dict[str, object]:
    """Return an agent as a JSON document."""
    names = ("name", "kind", "default", "path", "version", "how", "problem", "hint")
    told: dict[str, object] = {name: getattr(view, name) for name in names}
    told["installed"] = view.path is not None
    told["login"] = {"text": view.credentials.text, "there": view.credentials.there}
    told["canary"] = view.canary
    told["check"] = None if view.check is None else check_document(view.check)
    return told
