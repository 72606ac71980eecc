"""Read and merge settings from their five places."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from deputize.config.agents import agent_of, completed
from deputize.config.settings import (
    KEY_SOURCES,
    MODES_FROM_LOOSE_TO_STRICT,
    REPOSITORY_KEYS,
    Config,
    ContextSettings,
    LandingSettings,
)
from deputize.config.shape import MEND, Shape, laid_over
from deputize.config.variables import is_variable, path_of
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.config.settings import ProviderSettings, SandboxSettings
    from deputize.model.agent import AgentSettings
    from deputize.model.ruleset import PolicySettings

DIGITS = 9
"""The longest number that a variable may hold."""
CONTEXT_CHARACTERS = 10_000
"""How long what is to be known of a project may be, in each place that says so."""
REPOSITORY_FILE = "deputize.toml"
INCLUDE_FILE = ".worktreeinclude"


def load_config(
    home_file: Path, repository: bytes | None = None, *, origin: str = REPOSITORY_FILE
) -> Config:
    """Return the settings that hold for a repository whose file says `repository`.

    Raises ConfigError with file and key.
    """
    config = _from_home(home_file)
    if repository:
        config = narrowed(config, repository, origin)
    return _with_environment(config)


def narrowed(config: Config, repository: bytes, origin: str) -> Config:
    """Lay a repository's own file over the home's settings: it may narrow, never widen.

    It adds checks, but a check that home has stays as home has it.
    """
    table = _parse(repository, origin)
    shape = Shape(origin)
    for key in table:
        if key not in REPOSITORY_KEYS:
            if key in set(Config._fields):
                hint = "it belongs in the config.toml of your deputize home"
                raise ConfigError(f"{origin}: a repository may not set `{key}`", hint=hint)
            raise shape.unknown(key, key, REPOSITORY_KEYS)
    own = cast("Config", shape.fill(Config, table))
    groups = {
        name: laid_over(getattr(config, name), getattr(own, name), said)
        for name, said in table.items()
        if name not in {"checks", "policy", "approvals", "context"}
    }
    if "policy" in table:
        groups["policy"] = _policy(config, own, table["policy"], shape)
    if "context" in table:
        groups["context"] = _context(config, own, shape)
    merged = config._replace(
        **groups,
        checks={**own.checks, **config.checks},
        approvals=(*config.approvals, *own.approvals),
    )
    return merged._replace(landing=_stricter(config.landing, merged.landing))


def _policy(config: Config, own: Config, said: object, shape: Shape) -> PolicySettings:
    from deputize.config.policy import check_policy, joined

    check_policy(own.policy, shape)
    return joined(config.policy, own.policy, cast("Mapping[str, object]", said), shape.source)


def _context(config: Config, own: Config, shape: Shape) -> ContextSettings:
    """Return what home says and the repository adds: it leaves nothing of that out."""
    _check_context(own.context, shape)
    said = filter(None, (config.context.project.strip(), own.context.project.strip()))
    automatic = config.context.automatic and own.context.automatic
    return ContextSettings(project="\n\n".join(said), automatic=automatic)


def _check_context(context: ContextSettings, shape: Shape) -> None:
    if len(context.project) > CONTEXT_CHARACTERS:
        right = f"a text of at most {CONTEXT_CHARACTERS:,} characters"
        raise shape.wrong("context.project", right, context.project)


def _stricter(home: LandingSettings, merged: LandingSettings) -> LandingSettings:
    """Take what a repository says of landing, but never less caution than home asks for."""
    mode = max(home.mode, merged.mode, key=MODES_FROM_LOOSE_TO_STRICT.index)
    without = "ask" if "ask" in {home.without_checks, merged.without_checks} else "land"
    rework = min(home.rework, merged.rework)
    return merged._replace(mode=mode, without_checks=without, rework=rework)


def _from_home(file: Path) -> Config:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return Config()
    except OSError as error:
        hint = f"look at its rights: `ls -l {file}`"
        raise ConfigError(f"cannot read {file}: {error.strerror}", hint=hint) from error
    shape = Shape(str(file))
    table = _parse(content, str(file))
    if "prices" in table:
        hint = "`deputize models` shows what is known of each; a [[models]] table corrects it"
        raise ConfigError(f"{file}: prices belong in `[[models]]`, not `[[prices]]`", hint=hint)
    config = cast("Config", shape.fill(Config, table))
    config = config._replace(agents=_completed(config.agents, table, shape))
    _check_context(config.context, shape)
    _check(config, table, shape)
    return config


def _check(config: Config, table: Mapping[str, object], shape: Shape) -> None:
    """Raise ConfigError, with key, for what has the right shape and can't be meant."""
    if "policy" in table:
        from deputize.config.policy import check_policy

        check_policy(config.policy, shape)
    if config.hooks:
        from deputize.config.hooks import check_hooks

        check_hooks(config, shape)
    for name, provider in config.providers.items():
        _require_one_key(provider, f"providers.{name}", shape)
    _check_sandbox(config.sandbox, shape)
    for place, name in enumerate(config.fallback):
        if agent_of(name, config.agents) is None:
            raise shape.wrong(f"fallback.{place}", "the name of an agent", name)
    for name in config.budget.providers:
        if name not in config.servers:
            right = "named after a provider, or an agent with a login of its own"
            raise shape.wrong("budget.providers", right, name)


def _check_sandbox(sandbox: SandboxSettings, shape: Shape) -> None:
    """Check the paths that settings let in and out of the sandbox."""
    if sandbox.read or sandbox.write or sandbox.hide:
        from deputize.config.spelled import check_paths

        for key in ("read", "write", "hide"):
            check_paths(f"sandbox.{key}", getattr(sandbox, key), shape)


def _completed(
    agents: Mapping[str, AgentSettings], table: Mapping[str, object], shape: Shape
) -> Mapping[str, AgentSettings]:
    """Return agents with what is known of each below what is said, and both checked."""
    from deputize.config.described import check_described, check_said
    from deputize.config.places import check_places

    tables = cast("Mapping[str, Mapping[str, object]]", table.get("agents", {}))
    done = {}
    for name, own in agents.items():
        check_described(name, own, shape)
        done[name] = completed(name, own, tables[name])
        check_said(name, tables[name], done[name], shape)
        check_places(f"agents.{name}", done[name], shape)
    return done


def _require_one_key(provider: ProviderSettings, key: str, shape: Shape) -> None:
    """Check where a provider's key is; a key that was written there itself is not repeated."""
    named = [each for each in KEY_SOURCES if getattr(provider, each) is not None]
    if len(named) > 1:
        message = f"{shape.source}: `{key}` names its key twice: {' and '.join(named)}"
        raise ConfigError(message, hint=MEND)
    variable = provider.key_variable
    if variable is not None and not is_variable(variable):
        message = f"{shape.source}: `{key}.key_variable` must be the name of a variable"
        hint = "a key itself belongs into no settings: `deputize provider add` keeps it for you"
        raise ConfigError(message, hint=hint)


def _parse(content: bytes, origin: str) -> dict[str, object]:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except ValueError as error:
        raise ConfigError(f"{origin}: not valid TOML: {error}", hint=MEND) from error
    except RecursionError as error:
        raise ConfigError(f"{origin}: not valid TOML: nested too deep", hint=MEND) from error


def _with_environment(config: Config) -> Config:
    """Lay `DEPUTIZE_LANDING__MODE=ask` and its like over the settings."""
    for variable, value in os.environ.items():
        path = path_of(variable)
        if path:
            config = _set(config, path, value, variable)
    return config


def _set(config: Config, path: tuple[str, ...], value: str, variable: str) -> Config:
    table: object = _typed(value)
    for part in reversed(path):
        table = {part: table}
    own = cast("Config", Shape(variable).fill(Config, table))
    if len(path) == 1:
        return config._replace(**{path[0]: getattr(own, path[0])})
    group, key = path[0], path[-1]
    merged = getattr(config, group)._replace(**{key: getattr(getattr(own, group), key)})
    return config._replace(**{group: merged})


def _typed(value: str) -> object:
    if value in {"true", "false"}:
        return value == "true"
    is_number = value.isascii() and value.isdigit() and len(value) <= DIGITS
    return int(value) if is_number else value
