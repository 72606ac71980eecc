"""The environment that agents, checks and setup commands get: an allow-list, and our marker."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TASK: Final = "DEPUTIZE_TASK"
ATTEMPT: Final = "DEPUTIZE_ATTEMPT"
RUN: Final = "DEPUTIZE_RUN"
OWN_PREFIX: Final = "DEPUTIZE_"
MARKS: Final = (f"{ATTEMPT}=".encode(), f"{RUN}=".encode())

ALLOWED: Final = frozenset(
    {
        # who and where
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ"),
        *("TERM", "LANG", "LANGUAGE", "LC_*"),
        *("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"),
        *("XDG_CONFIG_DIRS", "XDG_DATA_DIRS"),
        # the way to the network
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
        *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"),
        *("CURL_CA_BUNDLE", "GIT_SSL_CAINFO"),
        # where toolchains live
        *("JAVA_HOME", "GOPATH", "GOROOT", "CARGO_HOME", "RUSTUP_HOME", "NVM_DIR", "VOLTA_HOME"),
        *("PYENV_ROOT", "UV_CACHE_DIR", "PIP_CACHE_DIR", "npm_config_cache"),
    }
)
"""Names of variables that pass; a `*` at the end stands for any ending. None holds a secret."""

UNATTENDED: Final = {
    "GIT_EDITOR": "true",
    "GIT_SEQUENCE_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "PAGER": "cat",
}
"""What keeps programs from waiting for a person."""


def agent_environment(
    allowed: Iterable[str],
    extra: Mapping[str, str],
    source: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the variables of `source` (default: ours) that may pass, and `extra` over them.

    `allowed` adds names to ALLOWED, with `*` at the end for any ending. No variable of deputize's
    own passes from `source`, whatever is allowed: they come through `extra` (see `markers`).
    """
    found = os.environ if source is None else source
    names = ALLOWED.union(allowed)
    passed = {name: value for name, value in found.items() if _may_pass(name, names)}
    return passed | UNATTENDED | dict(extra)


def markers(task: int, attempt: str) -> dict[str, str]:
    """Return the variables that tell a process, and us, which task and attempt it belongs to."""
    return {TASK: str(task), ATTEMPT: attempt}


def attempt_marker(lease_token: str) -> str:
    """Return what marks the processes of an attempt, which doesn't give the token away."""
    return hashlib.blake2b(
        lease_token.encode(), key=b"deputize attempt", digest_size=16
    ).hexdigest()


def pool_marker(worker: str) -> str:
    """Return what marks the programs that the attempts of a worker share."""
    return attempt_marker(f"the pool of {worker}")


def assignments(marker: str) -> frozenset[bytes]:
    """Return the `NAME=value` pairs one of which every marked process was started with."""
    if not marker:
        return frozenset()
    return frozenset(f"{name}={marker}".encode() for name in (ATTEMPT, RUN))


def is_marked(environment: Iterable[bytes]) -> bool:
    """Tell whether a process with this environment belongs to any attempt or run."""
    return any(pair.startswith(MARKS) for pair in environment)


def _may_pass(name: str, names: Iterable[str]) -> bool:
    return not name.startswith(OWN_PREFIX) and any(_fits(name, pattern) for pattern in names)


def _fits(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
