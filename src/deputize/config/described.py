"""What a description of a command may say, beyond the kinds of its values."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from deputize.config.places import KEY, check_places
from deputize.config.settings import CHOICES
from deputize.config.shape import MEND, PATH, Shape
from deputize.config.spelled import check_paths
from deputize.config.variables import PREFIX, is_variable
from deputize.errors import ConfigError
from deputize.model.agent import AgentSettings, Patterns, Reading
from deputize.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping

_ONE_OF = re.compile(r"\[!?\]?[^]]*\]")
"""What stands for one of some characters in a pattern of names (fnmatch)."""
_COMMANDS = (
    *("success", "patterns", "exit_codes", "prompt", "model_arguments", "resume_arguments"),
    *("lost_session", "variables", "providers", "output", "read", "noise", "litter", "version"),
    "install",
)
_KINDS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_COMMANDS, ("command",)),
    "command": ("acp", "command"),
    "path": ("claude", "codex", "command", "copilot"),
    "protocol": ("acp",),
    "shared": ("acp",),
}
"""The kinds of agents to which a key means something, where that isn't any."""
_EXIT_CODE = re.compile(r"[1-9]\d?|1\d\d|2[0-4]\d|25[0-5]")
_NOT_PATHS = frozenset({"where", "unless", "pieces", "cumulative"})
_KEPT = "keys belong to a provider: `deputize provider add` keeps them"


def filled(source: str, table: Mapping[str, object]) -> dict[str, AgentSettings]:
    """Return the agents that a file describes; ConfigError names what is wrong in it."""
    shape = Shape(source)
    agents = {
        name: shape.fill(AgentSettings, each, f"agents.{name}") for name, each in table.items()
    }
    for name, agent in agents.items():
        check_described(name, agent, shape)
        check_places(f"agents.{name}", agent, shape)
    return agents


def check_described(name: str, agent: AgentSettings, shape: Shape) -> None:
    """Check what an agent's table says; ConfigError names the key, and repeats no secret."""
    place = f"agents.{name}"
    _check_variables(f"{place}.variables", agent.variables, shape)
    for kind, handing in agent.providers.items():
        if kind not in CHOICES["providers.*.type"]:
            raise shape.unknown(f"{place}.providers.{kind}", kind, CHOICES["providers.*.type"])
        found = {name: value for name, value in handing.variables.items() if value != KEY}
        _check_variables(f"{place}.providers.{kind}.variables", found, shape)
    _check_reading(f"{place}.read", agent.read, shape)
    for pattern in agent.litter:
        literally = _ONE_OF.sub("?", pattern).strip("*?.")
        if "/" in pattern or not literally or fnmatchcase(".git", pattern):
            right = "names at the top of a folder that are not git's own, and not nearly all"
            raise shape.wrong(f"{place}.litter", right, pattern)
    check_paths(f"{place}.keeps", agent.keeps, shape, variables=True)
    _check_codes(place, agent.exit_codes, shape)


def check_said(name: str, table: Mapping[str, object], agent: AgentSettings, shape: Shape) -> None:
    """Check that all a table says means something for the agent that came of it.

    ConfigError names the key. `agent` has what is known of it below what is said.
    """
    place = f"agents.{name}"
    for key in table:
        kinds = _KINDS.get(key, ())
        if kinds and agent.kind not in kinds:
            message = (
                f"{shape.source}: `{place}.{key}` means nothing to an agent of kind {agent.kind}"
            )
            raise ConfigError(message, hint=f"it is for kind {' or '.join(kinds)}; leave it out")
    if "command" in table and not agent.command:
        raise shape.wrong(f"{place}.command", "a program and its arguments", [])
    if table.get("read") and agent.output == "text":
        right = '"json" or "jsonl" where `read` says what is read in it'
        raise shape.wrong(f"{place}.output", right, agent.output)
    if table.get("output", "text") != "text" and not agent.read:
        message = f"{shape.source}: `{place}.read` is missing: nothing would be read in its output"
        raise ConfigError(message, hint="say what stands where, or leave `output` out")


def _check_codes(place: str, exit_codes: Mapping[str, str], shape: Shape) -> None:
    for code, word in exit_codes.items():
        if not _EXIT_CODE.fullmatch(code):
            raise shape.wrong(f"{place}.exit_codes", "named with numbers from 1 to 255", code)
        if word not in Patterns._fields:
            right = " or ".join(f'"{each}"' for each in Patterns._fields)
            raise shape.wrong(f"{place}.exit_codes.{code}", right, word)


def _check_reading(place: str, rules: tuple[Reading, ...], shape: Shape) -> None:
    for number, rule in enumerate(rules):
        told = {key: value for key, value in rule._asdict().items() if key not in _NOT_PATHS}
        paths = {key: (at,) if isinstance(at, str) else at or () for key, at in told.items()}
        if not any(paths.values()):
            raise shape.wrong(f"{place}.{number}", "a table that says what is read", {})
        for key, places in paths.items():
            for each in places:
                if not PATH.fullmatch(each):
                    right = "a path of names, such as `message.usage.input_tokens`"
                    raise shape.wrong(f"{place}.{number}.{key}", right, each)


def _check_variables(place: str, variables: Mapping[str, str], shape: Shape) -> None:
    for name, value in variables.items():
        key = f"{place}.{name}"
        if not is_variable(name) or name.startswith(PREFIX):
            message = f"{shape.source}: `{key}` names no variable that a program may be given"
            raise ConfigError(message, hint=MEND)
        # In one that is JSON the key is one value among others.
        told = f"{name}={value}".replace(KEY, "")
        if redacted(told) != told:
            message = f"{shape.source}: `{key}` looks like a secret, which belongs into no settings"
            raise ConfigError(message, hint=_KEPT)
