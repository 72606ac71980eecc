"""Hold files and functions small: `check_sizes.py FOLDER...`.

A function may have 50 lines, its decorators and docstring not counted; a file may have 400. The
median function under `src` stays under 10 lines. There is no list of exceptions.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FUNCTION_LINES = 50
FILE_LINES = 400
MEDIAN_LINES = 10


FETCHED = "node_modules"
"""The folder in which agent programs are that others wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many lines the thing at `place` has."""

    place: str
    lines: int


def function_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines from `def` to the end, without the docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        docstring = node.body[0]
        lines -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return lines


def sizes_of_functions(path: Path, text: str) -> list[Size]:
    """Measure each function and method of a file, inner ones too."""
    return [
        Size(place=f"{path}:{node.lineno} {node.name}", lines=function_lines(node))
        for node in ast.walk(ast.parse(text, filename=str(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def middle(sizes: list[Size]) -> float:
    """Return the median number of lines, 0 where there is nothing."""
    return median(size.lines for size in sizes) if sizes else 0


def figures(what: str, sizes: list[Size]) -> str:
    """Put number, median and largest in a few words."""
    largest = max((size.lines for size in sizes), default=0)
    return f"{len(sizes)} {what}, median {middle(sizes):g} lines, largest {largest}"


def too_large(sizes: list[Size], bar: int) -> list[str]:
    """Say which sizes are over the bar."""
    return [
        f"{size.place}: {size.lines} lines, at most {bar}" for size in sizes if size.lines > bar
    ]


def check_folder(folder: Path) -> list[str]:
    """Print a folder's figures and return what is wrong in it."""
    ours = (path for path in sorted(folder.rglob("*.py")) if FETCHED not in path.parts)
    texts = {path: path.read_text(encoding="utf-8") for path in ours}
    files = [Size(place=str(path), lines=len(text.splitlines())) for path, text in texts.items()]
    functions = [size for path, text in texts.items() for size in sizes_of_functions(path, text)]
    print(f"· sizes of {folder}: {figures('files', files)}; {figures('functions', functions)}")
    problems = too_large(files, FILE_LINES) + too_large(functions, FUNCTION_LINES)
    if folder.name == "src" and middle(functions) >= MEDIAN_LINES:
        problems.append(f"{folder}: the median function is not under {MEDIAN_LINES} lines")
    return problems


def main() -> int:
    """Check the folders named on the command line."""
    problems = [problem for name in sys.argv[1:] for problem in check_folder(Path(name))]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
