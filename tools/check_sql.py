"""Hold SQL out of Python files: `check_sql.py FOLDER...`.

Statements stand in `store/sql/*.sql`, each with a name. A string constant that reads like a
statement, in any `.py` file below the folders, is refused; docstrings may talk about SQL.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

STATEMENT = re.compile(
    r"""^\s*(?:
        (?-i:SELECT)\s
      | select\s.+\sfrom\s+\w+\s*(?:$|;|where\s|join\s|order\s|limit\s|group\s)
      | WITH\s+(?:RECURSIVE\s+)?\w+\s*(?:\([^)]*\)\s*)?AS\s*\(
      | (?:INSERT|REPLACE)\s+(?:OR\s+\w+\s+)?INTO\s
      | UPDATE\s+(?:OR\s+\w+\s+)?[\w."]+\s+SET\s
      | DELETE\s+FROM\s
      | (?:CREATE|ALTER|DROP)\s+(?:UNIQUE\s+|TEMP\w*\s+)?(?:TABLE|INDEX|VIEW|TRIGGER)\s
    )""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)


def docstrings(tree: ast.Module) -> set[ast.expr]:
    """Collect the constants that are documentation: strings that stand alone as a statement."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def opening_text(node: ast.AST) -> str:
    """Return the text that a string or f-string is known to have, else the empty string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(opening_text(part) or "x" for part in node.values)
    return ""


def statements(path: Path) -> Iterator[str]:
    """Yield each place in a file where a string reads like an SQL statement."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    documentation = docstrings(tree)
    for node in ast.walk(tree):
        text = "" if node in documentation else opening_text(node)
        if STATEMENT.match(text):
            line = getattr(node, "lineno", 0)
            yield f"{path}:{line}: SQL outside store/sql: {' '.join(text.split())[:60]}"


def main() -> int:
    """Check the folders named on the command line."""
    paths = [path for name in sys.argv[1:] for path in sorted(Path(name).rglob("*.py"))]
    problems = [problem for path in paths for problem in statements(path)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"· SQL: none in {len(paths)} Python files" if not problems else "· SQL: see above")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
