"""`add` loads only what it needs: its speed is a promise."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

FORBIDDEN = {
    "acp",
    "anyio",
    "asyncio",
    "bz2",
    "concurrent",
    "copilot",
    "difflib",
    "email",
    "http",
    "httpx",
    "logging",
    "lzma",
    "multiprocessing",
    "platformdirs",
    "psutil",
    "psycopg",
    "pydantic",
    "rfc8785",
    "shutil",
    "ssl",
    "structlog",
    "tempfile",
    "tomllib",
    "traceback",
    "unittest",
    "uuid",
    "xml",
}
"""Modules, with all below them, that a plain `add` does not load."""
OURS_FORBIDDEN = (
    "deputize.agents",
    "deputize.audit",
    "deputize.client",
    "deputize.demo",
    "deputize.desk.documents",
    "deputize.gate",
    "deputize.intake.patterns",
    "deputize.intake.plans",
    "deputize.intake.reading",
    "deputize.intake.schemas",
    "deputize.landing",
    "deputize.notify",
    "deputize.store.postgres",
    "deputize.supervisor",
    "deputize.surfaces.cli.board",
    "deputize.surfaces.cli.diagnostics",
    "deputize.surfaces.cli.reference",
    "deputize.worker",
)
SCRIPT = """
import sys
from deputize.surfaces.cli.main import main
code = main(sys.argv[1:])
print("\\n".join(sys.modules), file=sys.stderr)
raise SystemExit(code)
"""


def loaded(deputize: CommandLine, *words: str) -> set[str]:
    """Run a command and return the modules that it loaded."""
    done = subprocess.run(
        (sys.executable, "-c", SCRIPT, *words),
        cwd=deputize.folder,
        env=deputize.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.splitlines())


def test_add_loads_nothing_heavy(deputize: CommandLine) -> None:
    """A plain `add` stays within the modules that its bar was measured with."""
    deputize.add()
    modules = loaded(deputize, "add", "x", "--no-start")
    assert FORBIDDEN.isdisjoint(name.partition(".")[0] for name in modules)
    heavy = [name for name in modules if name.startswith(OURS_FORBIDDEN)]
    assert heavy == []


def test_add_to_an_agent_of_the_users_own_loads_little_more(deputize: CommandLine) -> None:
    """Settings are read, which takes TOML; the agents that we describe are not."""
    deputize.add()
    (deputize.home / "config.toml").write_text('[agents.one]\ncommand = ["one"]\n')
    modules = loaded(deputize, "add", "--agent", "one", "x", "--no-start")
    assert "deputize.config.described" in modules
    heavy = FORBIDDEN.intersection(name.partition(".")[0] for name in modules)
    assert heavy == {"tomllib"}
    assert modules.isdisjoint({"importlib.resources", "zipfile"})


def test_one_verb_loads_no_other(deputize: CommandLine) -> None:
    """Each command line loads the module of its own verb alone."""
    for words in (("list",), ("add", "x", "--no-start"), ("status",)):
        verbs = {name for name in loaded(deputize, *words) if ".cli.verbs." in name}
        assert verbs == {f"deputize.surfaces.cli.verbs.{words[0]}"}


def test_looking_loads_no_event_loop(deputize: CommandLine) -> None:
    """The verbs that read are quick too: no asyncio, no agents, no workers."""
    deputize.add()
    for words in (("list",), ("show", "1"), ("status",), ("approvals",)):
        modules = loaded(deputize, *words)
        assert {"asyncio", "anyio", "structlog", "psutil"}.isdisjoint(modules), words
