"""What the settings of a command name in braces: each name means something in its place only."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.config.shape import Shape
    from deputize.model.agent import AgentSettings

PLACES = (
    *("prompt", "prompt_file", "model", "model_name", "workspace", "output"),
    *("session", "base_url", "key"),
)
"""Names that stand for something in an argument or a variable."""
KEY = "{key}"
"""Stands for a provider's key; only in the variables with which that is handed on."""
_WAYS = {"prompt": "argument", "prompt_file": "file"}
_ONLY_IN = {"session": "resume_arguments", "base_url": "providers.TYPE.arguments"}
"""Elsewhere there may be none, and the program could not be started."""
_NAMED = re.compile(r"(\$?)\{([A-Za-z_]+)\}")
_NEAR = 0.8


def check_places(place: str, agent: AgentSettings, shape: Shape) -> None:
    """Check what an agent's settings, at `place`, name in braces; ConfigError names the key."""
    for key, argument in _arguments(agent):
        for dollar, name in _NAMED.findall(argument):
            if name in PLACES:
                _check_known(place, key, name, shape)
            elif not dollar:
                _check_unknown(f"{place}.{key}", name, shape)
    for name, value in agent.variables.items():
        if KEY in value:
            raise _no_key(place, f"variables.{name}", "it goes with a provider", shape)
    _check_added(place, agent, shape)


def _check_known(place: str, key: str, name: str, shape: Shape) -> None:
    if name == "key":
        raise _no_key(place, key, "others see arguments", shape)
    there = _ONLY_IN.get(name)
    if there is not None and not re.fullmatch(there.replace("TYPE", r"\w+"), key):
        message = f"{shape.source}: `{place}.{key}` must not name {{{name}}}: there may be none"
        raise ConfigError(message, hint=f"name it in `{place}.{there}`")


def _check_unknown(key: str, name: str, shape: Shape) -> None:
    import difflib

    near = difflib.get_close_matches(name.lower(), PLACES, n=1, cutoff=_NEAR)
    if near:
        message = f"{shape.source}: `{key}` names {{{name}}}, which stands for nothing"
        raise ConfigError(message, hint=f"did you mean {{{near[0]}}}?")


def _check_added(place: str, agent: AgentSettings, shape: Shape) -> None:
    """Check that what goes in is named once, where it is said to go in."""
    for key, names in (("model", ("{model}", "{model_name}")), ("resume", ("{session}",))):
        added = getattr(agent, f"{key}_arguments")
        if added and not any(name in each for each in added for name in names):
            right = f"arguments that name {names[0]}"
            raise shape.wrong(f"{place}.{key}_arguments", right, list(added))
    for name, way in _WAYS.items():
        if agent.prompt not in {None, way} and any(f"{{{name}}}" in each for each in agent.command):
            right = f'"{way}", as `command` names {{{name}}}'
            raise shape.wrong(f"{place}.prompt", right, agent.prompt)


def _no_key(place: str, key: str, why: str, shape: Shape) -> ConfigError:
    message = f"{shape.source}: `{place}.{key}` must not name {KEY}: {why}"
    return ConfigError(message, hint=f"hand it on in `{place}.providers.TYPE.variables`")


def _arguments(agent: AgentSettings) -> Iterator[tuple[str, str]]:
    for key in ("command", "model_arguments", "resume_arguments", "version"):
        for argument in getattr(agent, key):
            yield key, argument
    for kind, handing in agent.providers.items():
        for argument in handing.arguments:
            yield f"providers.{kind}.arguments", argument
        yield f"providers.{kind}.model", handing.model
