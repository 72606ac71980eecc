"""What holds for every test: nothing of the person who runs it, or of another test, is seen."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests have no bars on time, so neither do generated examples; two workers share few cores.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("house")

pytest_plugins = ["tests.fixtures.databases", "tests.fixtures.programs"]

KEPT_VARIABLES = ("PATH", "LANG", "LC_ALL", "TMPDIR", "TZ", "PYTEST_CURRENT_TEST", "PYTEST_VERSION")
KEPT_PREFIXES = ("PYTEST_XDIST_",)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests as the product runs: on asyncio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Give the test an empty home and no variables of the user's; return the home."""
    home = tmp_path_factory.mktemp("home")
    for name in tuple(os.environ):
        if name not in KEPT_VARIABLES and not name.startswith(KEPT_PREFIXES):
            monkeypatch.delenv(name)
    programs = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return home
