"""What a `[[hooks]]` table has to be: one that could not be called, or never is, is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.config.agents import agent_of
from deputize.config.shape import NAME
from deputize.config.web_address import is_web_address

if TYPE_CHECKING:
    from deputize.config.settings import Config, HookSettings
    from deputize.config.shape import Shape


def check_hooks(config: Config, shape: Shape) -> None:
    """Raise ConfigError, with key, for a hook that can't work, or would never be asked."""
    names: set[str] = set()
    for place, hook in enumerate(config.hooks):
        key = f"hooks.{place}"
        _check(hook, key, shape)
        _check_narrowing(hook, key, config, shape)
        name = hook.called(place)
        if name in names:
            raise shape.wrong(f"{key}.name", "a name that no other hook has", name)
        names.add(name)


def _check(hook: HookSettings, key: str, shape: Shape) -> None:
    if not hook.on:
        raise shape.wrong(f"{key}.on", "a list with at least one kind", [])
    if hook.name is not None and not NAME.fullmatch(hook.name):
        raise shape.wrong(f"{key}.name", "a name of letters, digits, - and _", hook.name)
    if bool(hook.command) == (hook.url is not None):
        both = list(hook.command) if hook.command else None
        raise shape.wrong(f"{key}.command", "there, or else `url`, and not both", both)
    if hook.command and not hook.command[0].strip():
        raise shape.wrong(f"{key}.command.0", "the name of a program", hook.command[0])
    if hook.url is not None and not is_web_address(hook.url):
        # Its path is often a secret: it is not repeated.
        raise shape.wrong(f"{key}.url", "a web address such as http://localhost:8080/hook", "this")


def _check_narrowing(hook: HookSettings, key: str, config: Config, shape: Shape) -> None:
    """Check the names: a hook that a misspelt one keeps from being asked would let all pass."""
    for place, agent in enumerate(hook.agents):
        if agent_of(agent, config.agents) is None:
            raise shape.wrong(f"{key}.agents.{place}", "the name of an agent", agent)
    for place, role in enumerate(hook.roles):
        if config.role(role) is None:
            raise shape.wrong(f"{key}.roles.{place}", "the name of a role", role)
