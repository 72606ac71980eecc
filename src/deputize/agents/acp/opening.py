"""The words that differ between versions of the protocol before there is a prompt: pure.

Version 2 is a draft: https://agentclientprotocol.com/protocol/v2/migration says what it changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.agents.jsonl import Json, as_list, as_object, as_text
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SPOKEN = (1, 2)
"""The versions that are spoken here; which one it is says the agent's answer."""
US: Json = {"name": "deputize", "title": "deputize", "version": "1"}
ASKING_MODES = ("approve", "ask", "default")
"""Ids of modes in which agents ask before each tool call, the strictest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What an agent says of itself when it is greeted."""

    version: int
    resumes_by: str | None
    """The method that takes up a session; None where there is none."""
    closes: bool
    """Whether a session can be let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A value that an agent lets others choose, and the call that does it."""

    values: tuple[str, ...]
    current: str
    method: str
    key: str
    fixed: Json

    def call(self, session: str, value: str) -> tuple[str, Json]:
        """Return the method and what it is given to choose `value`."""
        return self.method, {"sessionId": session, **self.fixed, self.key: value}


def greeting(version: int) -> Json:
    """Return what `initialize` is given: each version passes over what is the other's."""
    given: Json = {
        "protocolVersion": version,
        "clientCapabilities": {
            "fs": {"readTextFile": False, "writeTextFile": False},
            "terminal": False,
        },
        "clientInfo": US,
    }
    return given if version == 1 else {**given, "info": US, "capabilities": {}}


def abilities_in(answer: Mapping[str, object]) -> Abilities:
    """Read the answer to a greeting; raises AgentError for a version that isn't spoken here."""
    version = answer.get("protocolVersion")
    if type(version) is not int or version not in SPOKEN:
        spoken = " and ".join(map(str, SPOKEN))
        message = f"it speaks protocol version {version}, we speak {spoken}"
        raise AgentError(Outcome.AGENT_ERROR, message)
    if version == 1:
        return Abilities(
            version=version, resumes_by=_resumes_by(answer), closes="close" in _of_sessions(answer)
        )
    if as_object(answer.get("capabilities")).get("session") is None:
        raise AgentError(Outcome.AGENT_ERROR, "it says that it has no sessions")
    return Abilities(version=version, resumes_by="session/resume", closes=True)


def mode_in(opened: Mapping[str, object]) -> Choice | None:
    """Return the choice among an agent's modes, from the answer that opens a session."""
    modes = as_object(opened.get("modes"))
    if not modes:
        return option_in(opened, "mode")
    offered = (as_text(as_object(mode).get("id")) for mode in as_list(modes.get("availableModes")))
    return Choice(
        values=tuple(offered),
        current=as_text(modes.get("currentModeId")),
        method="session/set_mode",
        key="modeId",
        fixed={},
    )


def option_in(opened: Mapping[str, object], name: str) -> Choice | None:
    """Return the choice that is called so, or is of that category."""
    for option in map(as_object, as_list(opened.get("configOptions"))):
        # Version 1 calls the identifier `id`.
        identifier = as_text(option.get("configId")) or as_text(option.get("id"))
        if name in (identifier, option.get("category")):
            return Choice(
                values=tuple(_values(option)),
                current=as_text(option.get("currentValue")),
                method="session/set_config_option",
                key="value",
                fixed={"configId": identifier},
            )
    return None


def _of_sessions(answer: Mapping[str, object]) -> Json:
    able = as_object(answer.get("agentCapabilities"))
    return {n: v for n, v in as_object(able.get("sessionCapabilities")).items() if v is not None}


def _resumes_by(answer: Mapping[str, object]) -> str | None:
    if "resume" in _of_sessions(answer):
        return "session/resume"
    able = as_object(answer.get("agentCapabilities"))
    return "session/load" if able.get("loadSession") is True else None


def _values(option: Mapping[str, object]) -> Iterator[str]:
    """Yield the values of an option, which may stand in groups."""
    for entry in map(as_object, as_list(option.get("options"))):
        for each in as_list(entry.get("options")) or [entry]:
            if value := as_text(as_object(each).get("value")):
                yield value
