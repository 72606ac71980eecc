"""Where tools keep what they download and build, inside: the person's own caches stay theirs.

Somebody who can write a cache decides what the next build takes out of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

CACHES: Final = {
    "npm_config_cache": "npm",
    "YARN_CACHE_FOLDER": "yarn",
    "BUN_INSTALL_CACHE_DIR": "bun",
    "DENO_DIR": "deno",
    "PIP_CACHE_DIR": "pip",
    "UV_CACHE_DIR": "uv",
    "PRE_COMMIT_HOME": "pre-commit",
    "GOCACHE": "go-build",
    "GOMODCACHE": "go-mod",
    "CARGO_HOME": "cargo",
    "GRADLE_USER_HOME": "gradle",
    "CCACHE_DIR": "ccache",
}
"""Variables that name a cache, and the folder that stands in for it."""
FOLDER: Final = "caches"
RUNTIME: Final = "run"


def variables_in(temporary: Path) -> dict[str, str]:
    """Return the variables that lead programs to their own folders in `temporary`."""
    own = {"TMPDIR": str(temporary), "XDG_RUNTIME_DIR": str(temporary / RUNTIME)}
    return own | {name: str(temporary / FOLDER / folder) for name, folder in CACHES.items()}
