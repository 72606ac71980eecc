"""Who plays in the demo: Copilot with the scripted model, or an agent of the user's own."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.copilot.login import TOKEN_VARIABLES
from deputize.agents.keys import KEYRING_VARIABLES, key_path
from deputize.agents.providers import BYOK
from deputize.agents.registry import agent_from, settings_for
from deputize.config.dotenv import read_variables
from deputize.config.home import find_home
from deputize.config.load import load_config
from deputize.demo.model import MODEL_NAME, ScriptedModel
from deputize.demo.story import FEATURE, FIX, story_script
from deputize.errors import ConfigError
from deputize.model.agent import BUILT_IN_AGENTS, AgentSettings
from deputize.workspace.processes.environment import agent_environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import Config, ProviderSettings
    from deputize.demo.model import Script

    Tables = Mapping[str, Mapping[str, object]]

COPILOT = "copilot"
FIX_IS_OVER = "fix-is-over"
"""The gate at which the model waits: until the fix has landed, no other change can be green."""
PROVIDER = "demo"
KEY_VARIABLE = "DEMO_MODEL_KEY"
KEY = "no-key-is-needed"
SCRIPTED = "scripted model: this shows the machinery, not intelligence"
GET_COPILOT = "npm install -g @github/copilot; in a clone of deputize, `make demo` gets it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """The agent of the demo: what its home says of it, and what its programs are told."""

    agent: str
    about: tuple[str, ...]
    """What a person should know of it, a line each."""
    tables: Tables
    environment: Mapping[str, str] = field(repr=False)
    on_end: Callable[[str], None] = lambda _: None
    """Called with the name of each task of the story once that has ended."""


@contextmanager
def scripted_player() -> Iterator[Player]:
    """Start the scripted model, and give Copilot with it; ConfigError where there is no Copilot."""
    program, version = _find(COPILOT, BUILT_IN_AGENTS[COPILOT], hint=GET_COPILOT)
    with ScriptedModel(_fix_first(story_script())) as model:
        yield Player(
            agent=COPILOT,
            about=(
                f"Copilot {version}: {program}",
                f"answered by {model.openai_url}",
                SCRIPTED,
            ),
            tables={
                f"agents.{COPILOT}": {
                    "kind": COPILOT, "path": program, "model": MODEL_NAME, "provider": PROVIDER,
                },
                f"providers.{PROVIDER}": {
                    "type": "openai", "base_url": model.openai_url, "key_variable": KEY_VARIABLE,
                },
            },
            environment={KEY_VARIABLE: KEY},
            on_end=lambda name: model.open(FIX_IS_OVER) if name == FIX.name else None,
        )  # fmt: skip


def _fix_first(script: Script) -> Script:
    """Let the feature's last words wait until the fix is over, however slow this machine is."""
    scenes = tuple(
        replace(scene, turns=(*scene.turns[:-1], replace(scene.turns[-1], wait_for=FIX_IS_OVER)))
        if scene.name == FEATURE.name
        else scene
        for scene in script.scenes
    )
    return replace(script, scenes=scenes)


@contextmanager
def real_player(name: str | None) -> Iterator[Player]:
    """Give an agent as the user has set it up; ConfigError where it can't work, with a hint."""
    home = find_home()
    config, known = load_config(home.config), read_variables(home)
    agent = name or config.default_agent
    own = settings_for(agent, config.agents)
    settings = own._replace(provider=config.provider_of(agent))
    program, _ = _find(agent, settings, hint=None, variables=known.all)
    provider = _provider(agent, settings, config)
    variables = _secrets(settings, provider, known)
    yield Player(
        agent=agent,
        about=(
            f"{agent}: {program}",
            f"provider {settings.provider}" if provider else "with the login that it has here",
            "real model: what it does costs what it costs, and may differ each time",
        ),
        tables=_tables(agent, settings, program, provider and _settled(provider, home)),
        environment=agent_environment(
            (*settings.env, *variables, *KEYRING_VARIABLES), {}, known.all
        ),
    )


def _find(
    name: str,
    settings: AgentSettings,
    *,
    hint: str | None,
    variables: Mapping[str, str] | None = None,
) -> tuple[str, str]:
    """Return where an agent's program is, and its version if it is known."""
    found = agent_from(name, settings, variables).find()
    if found.path is None:
        problem = found.problem or "its program was not found"
        raise ConfigError(f"agent {name}: {problem}", hint=hint or found.hint)
    return str(Path(found.path).absolute()), found.version or ""


def _provider(agent: str, settings: AgentSettings, config: Config) -> ProviderSettings | None:
    if settings.provider is None:
        return None
    if settings.provider not in config.providers:
        hint = f"write a [providers.{settings.provider}] table into config.toml"
        raise ConfigError(f"agent {agent}: no provider {settings.provider!r}", hint=hint)
    return config.providers[settings.provider]


def _settled(provider: ProviderSettings, home: Home) -> ProviderSettings:
    """Return a provider as another home names it: its file is where it was."""
    if provider.key_file is None:
        return provider
    return provider._replace(key_file=str(key_path(provider.key_file, home)))


def _secrets(
    settings: AgentSettings, provider: ProviderSettings | None, known: Variables
) -> tuple[str, ...]:
    """Return the variables that hold what opens the door; ConfigError where there is none."""
    if provider is not None:
        variable = provider.key_variable
        if variable and not known.get(variable):
            raise ConfigError(f"the key of its provider is missing: {variable} is not set")
        return (variable,) if variable else ()
    return (*TOKEN_VARIABLES, f"{BYOK}_*") if settings.kind == COPILOT else ()


def _tables(
    agent: str, settings: AgentSettings, program: str, provider: ProviderSettings | None
) -> Tables:
    table = {
        "kind": settings.kind,
        "command": settings.command,
        "env": settings.env,
        "model": settings.model,
        "provider": settings.provider,
        "path": program if settings.kind == COPILOT else None,
    }
    tables = {f"agents.{_key(agent)}": table}
    if provider is not None:
        tables[f"providers.{_key(settings.provider or '')}"] = provider._asdict()
    return tables


def _key(name: str) -> str:
    return json.dumps(name)
