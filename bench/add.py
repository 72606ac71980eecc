"""`deputize add` as a whole process, beside a bare script that does the least possible.

The bare script imports the same modules of the standard library, calls git once and commits one row
durably. Both run in turn, so that a machine that gets slower is slower for both.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.house import House, house, program, worker
from bench.verdict import at_most

if TYPE_CHECKING:
    from pathlib import Path

RUNS = 25
BAR_MILLISECONDS = 100
BAR_RATIO = 2.0
_IMPORT = re.compile(r"^import time:.*\| +(\S+)$", re.MULTILINE)

_BARE = """
subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, check=True)
connection = sqlite3.connect({path!r}, isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute("PRAGMA synchronous = FULL")
connection.execute("CREATE TABLE IF NOT EXISTS tasks (prompt TEXT)")
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO tasks VALUES ('a')")
connection.execute("COMMIT")
print(1)
"""


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    with house() as built, worker(built):
        bare = _bare_script(built)
        ours = (program(), "add", "--hold", "Fix the typo in README.md")
        theirs = (sys.executable, str(bare))
        for argv in (ours, theirs):
            _milliseconds(built, argv)
        pairs = [(_milliseconds(built, ours), _milliseconds(built, theirs)) for _ in range(RUNS)]
    add = statistics.median(pair[0] for pair in pairs)
    floor = statistics.median(pair[1] for pair in pairs)
    print(f"# median of {RUNS}: add {add:.1f} ms, bare script {floor:.1f} ms")
    good = [
        at_most("add", add, BAR_MILLISECONDS, "ms"),
        at_most("add-to-bare", add / floor, BAR_RATIO, "x"),
    ]
    return 0 if all(good) else 1


def _bare_script(built: House) -> Path:
    argv = (sys.executable, "-X", "importtime", "-m", "deputize", "add", "--hold", "warm up")
    finished = subprocess.run(
        argv, cwd=built.repo, env=built.environment, capture_output=True, text=True, check=True
    )
    standard = [
        name
        for name in _IMPORT.findall(finished.stderr)
        if name.partition(".")[0] in sys.stdlib_module_names and name in _importable()
    ]
    script = built.folder / "bare.py"
    text = f"import {', '.join(standard)}\n" + _BARE.format(path=str(built.folder / "bare.db"))
    script.write_text(text)
    return script


def _importable() -> set[str]:
    """Return the modules that can be imported here: not those that were tried in vain."""
    from importlib.util import find_spec

    def is_there(name: str) -> bool:
        try:
            return find_spec(name) is not None
        except (ImportError, ValueError):
            return False

    tops = {name for name in sys.stdlib_module_names if is_there(name)}
    return tops | {"re._compiler", "re._parser", "json.decoder", "sqlite3.dbapi2", "urllib.parse"}


def _milliseconds(built: House, argv: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, cwd=built.repo, env=built.environment, capture_output=True, check=True)
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    raise SystemExit(main())
