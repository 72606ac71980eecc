"""How a description and a job become a command line, an environment and an input: pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.config.places import PLACES
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Job
    from deputize.model.agent import AgentSettings, Handing

PLACE = re.compile(rf"\{{({'|'.join(PLACES)})\}}")
"""What stands for something in an argument or a variable; other braces are only braces."""
PROMPT, PROMPT_FILE = "{prompt}", "{prompt_file}"
FILES = {"prompt_file": "prompt.md", "output": "output"}
"""Files of a run, in a folder that only it has."""
LONGEST_ARGUMENT = 128 * 1024 - 1
"""Bytes of one argument that Linux takes (MAX_ARG_STRLEN, execve(2))."""
SESSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,127}")
"""A session's name comes from a program and becomes an argument: it must not be an option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What is started."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    stdin: bytes


def launch_of(settings: AgentSettings, job: Job, folder: Path) -> Launch:
    """Return how to run a job, whose files are in `folder`; raises AgentError where it can't be."""
    handing = _handing(settings, job)
    values = _values(job, handing, folder)
    argv = tuple(_argument(each, values) for each in _template(settings, job, handing))
    variables = {**settings.variables, **(handing.variables if handing else {})}
    told = {
        name: filled
        for name, value in variables.items()
        if (filled := _variable(value, values)) is not None
    }
    # Where it is said how a key is handed on, it goes nowhere else.
    secrets = {} if handing else job.secrets
    prompt = job.prompt.encode("utf-8", "replace") if _goes(settings) == "stdin" else b""
    return Launch(argv=argv, environment={**job.environment, **told, **secrets}, stdin=prompt)


def places_in(settings: AgentSettings) -> frozenset[str]:
    """Return what a command names, besides what is named in what may be added to it."""
    named = {found[1] for part in settings.command for found in PLACE.finditer(part)}
    return frozenset(named | ({"prompt_file"} if _goes(settings) == "file" else set()))


def _goes(settings: AgentSettings) -> str:
    """Tell how the prompt goes in: as it is said, else as the command names it."""
    if settings.prompt is not None:
        return settings.prompt
    named = "".join(settings.command)
    if PROMPT in named:
        return "argument"
    return "file" if PROMPT_FILE in named else "stdin"


def _template(settings: AgentSettings, job: Job, handing: Handing | None) -> list[str]:
    template = [*settings.command]
    if job.model is not None:
        template += settings.model_arguments
    if handing is not None:
        template += handing.arguments
    if job.session is not None:
        template += settings.resume_arguments
    place = {"argument": PROMPT, "file": PROMPT_FILE}.get(_goes(settings))
    if place is not None and not any(place in each for each in settings.command):
        template.append(place)
    return template


def _handing(settings: AgentSettings, job: Job) -> Handing | None:
    """Return how the job's provider is handed on; AgentError where it can't be."""
    if job.provider is None or not settings.providers:
        return None
    handing = settings.providers.get(job.provider.type)
    if handing is None:
        known = ", ".join(sorted(settings.providers))
        message = f"provider {job.provider.name} is of type {job.provider.type}: it takes {known}"
        raise AgentError(Outcome.AGENT_ERROR, message)
    if job.model is None:
        message = f"the provider {job.provider.name} needs a model: `add --model` names one"
        raise AgentError(Outcome.AGENT_ERROR, message)
    return handing


def _values(job: Job, handing: Handing | None, folder: Path) -> dict[str, str]:
    values = {name: str(folder / file) for name, file in FILES.items()}
    values |= {"prompt": job.prompt, "workspace": str(job.workspace)}
    if job.session is not None:
        values["session"] = job.session
    if job.model is not None:
        values["model_name"] = job.model
        values["model"] = handing.model.replace("{model}", job.model) if handing else job.model
    if job.provider is not None:
        values["base_url"] = job.provider.base_url
        if key := job.secrets.get(job.provider.key_variable or ""):
            values["key"] = key
    return values


def _argument(part: str, values: Mapping[str, str]) -> str:
    """Fill an argument in; AgentError where that can't be done, or no argument can hold it."""
    found = _filled(part, values)
    if missing := _missing(part, values):
        message = f"its command names {{{missing}}}, and the task has none"
        raise AgentError(Outcome.AGENT_ERROR, message)
    if PROMPT in part and "\0" in found:
        message = "the prompt has a NUL character, which no argument can carry"
        raise AgentError(Outcome.AGENT_ERROR, message)
    if PROMPT in part and len(found.encode("utf-8", "replace")) > LONGEST_ARGUMENT:
        message = f"the prompt is too long for an argument; leave {PROMPT} out to get it on stdin"
        raise AgentError(Outcome.AGENT_ERROR, message)
    return found


def _variable(value: str, values: Mapping[str, str]) -> str | None:
    """Fill a variable in; None where what it names isn't there, as it says nothing then."""
    is_json = value.startswith("{") and not PLACE.match(value)
    if is_json:
        values = {"key": "", **values}
    if _missing(value, values):
        return None
    if is_json:
        values = {name: json.dumps(each)[1:-1] for name, each in values.items()}
    return _filled(value, values)


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def _missing(text: str, values: Mapping[str, str]) -> str | None:
    return next((each[1] for each in PLACE.finditer(text) if each[1] not in values), None)
