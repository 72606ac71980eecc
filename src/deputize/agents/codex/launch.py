"""The command line and the environment of one run of Codex: pure.

What was measured, and why each setting is there:

- Rules that a person once allowed in Codex take a command out of its sandbox: they are left out.
- Settings of a repository that the person trusts start its servers, outside of the sandbox: the
  workspace is said to be untrusted, which also holds against what the person's settings say.
- Commands see all variables of the program, keys among them, until they are excluded.
- `/tmp` and `$TMPDIR` are written to unless excluded. Compilers need a place for their files, so
  `$TMPDIR` is one of this run's own.
- A session that is resumed gets the sandbox of this run, not the one that it was begun with.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deputize.agents.codex.limits import LOGGED
from deputize.errors import AgentError
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from deputize.agents.base import Job, Provider

LOGIN_VARIABLE = "CODEX_API_KEY"
HOME_VARIABLE = "CODEX_HOME"
PROVIDER = "deputize"
"""The name under which a provider of one's own is described to the program."""
SPOKEN = frozenset({"openai", "azure", "ollama"})
"""Types of providers that have OpenAI's Responses API."""
AZURE_PATH = "/openai/v1"

Setting = str | bool | list[str] | dict[str, "Setting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """What is started."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]


def launch_of(program: str, job: Job, temporary: Path) -> Launch:
    """Return how to run a job; raises AgentError where its provider can't be used."""
    sandbox = "workspace-write" if job.may_write else "read-only"
    argv = [program, "exec", "--json", "--skip-git-repo-check", "--ignore-rules"]
    argv += ["--sandbox", sandbox, "--cd", str(job.workspace)]
    for name, value in _settings(job):
        argv += ["--config", f"{name}={written(value)}"]
    if job.session is not None:
        argv += ["resume", job.session]
    # The prompt comes on its input: others can read arguments, and they have a longest length.
    return Launch(argv=(*argv, "-"), environment=_environment(job, temporary))


def _settings(job: Job) -> Iterator[tuple[str, Setting]]:
    yield "approval_policy", "never"
    yield "sandbox_workspace_write.writable_roots", []
    yield "sandbox_workspace_write.exclude_slash_tmp", True
    yield "sandbox_workspace_write.exclude_tmpdir_env_var", False
    yield "projects", {str(job.workspace): {"trust_level": "untrusted"}}
    yield "shell_environment_policy.exclude", [LOGIN_VARIABLE, *job.secrets]
    yield "check_for_update_on_startup", False
    if job.model is not None:
        yield "model", job.model
    if job.provider is not None:
        yield "model_provider", PROVIDER
        yield f"model_providers.{PROVIDER}", _described(job.provider, job)
        # Both would call on servers that this provider has nothing to do with.
        yield "features.plugins", False
        yield "analytics.enabled", False


def _described(provider: Provider, job: Job) -> dict[str, Setting]:
    """Describe a provider to the program; raises AgentError where it can't be used."""
    if provider.type not in SPOKEN or provider.wire == "completions":
        kind = provider.type if provider.wire is None else f"{provider.type} ({provider.wire})"
        message = (
            f"Codex speaks only OpenAI's Responses API, and provider {provider.name} is {kind}"
        )
        raise AgentError(Outcome.AGENT_ERROR, message)
    if job.model is None:
        message = f"the provider {provider.name} needs a model: `add --model` names one"
        raise AgentError(Outcome.AGENT_ERROR, message)
    told: dict[str, Setting] = {
        "name": provider.name,
        "base_url": _address(provider),
        "wire_api": "responses",
        "supports_websockets": False,
    }
    if provider.key_variable is not None:
        if not {**job.environment, **job.secrets}.get(provider.key_variable):
            message = f"the key of provider {provider.name} is missing: set {provider.key_variable}"
            raise AgentError(Outcome.AUTH_FAILED, message)
        told["env_key"] = provider.key_variable
    return told


def _address(provider: Provider) -> str:
    """Return where the API is: Azure's resources are named without the path that leads to it."""
    address = provider.base_url.rstrip("/")
    if provider.type == "azure" and not urlsplit(address).path:
        return address + AZURE_PATH
    return address


def _environment(job: Job, temporary: Path) -> dict[str, str]:
    own = {"TMPDIR": str(temporary), "RUST_LOG": f"error,{LOGGED}=debug"}
    if job.provider is not None and job.state is not None:
        # Whoever brings a provider shares neither login nor settings with the person's own Codex.
        own[HOME_VARIABLE] = str(job.state)
    return {**job.environment, **job.secrets, **own}


def written(value: Setting) -> str:
    """Write a value as TOML, in one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's texts are TOML's, but for one character that TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(written, value))}]"
    pairs = (f"{written(name)} = {written(each)}" for name, each in value.items())
    return f"{{{', '.join(pairs)}}}"
