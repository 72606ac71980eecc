"""Change requests as tests write them."""

from __future__ import annotations

from typing import Any

from deputize.changes.reading import hash_of

PATCH = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n"
HASH = hash_of(b"x")


def create(path: str = "new.txt", content: str = "new\n", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Ask for a new file."""
    return {"op": "create", "path": path, "content": content, **more}


def modify(path: str = "a.txt", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Ask for other content, by a patch if nothing else is said."""
    return {"op": "modify", "path": path, **(more or {"patch": PATCH})}


def delete(path: str = "a.txt", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Ask for a file to go."""
    return {"op": "delete", "path": path, **more}


def rename(source: str = "a.txt", path: str = "b.txt", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Ask for a file to move."""
    return {"op": "rename", "from": source, "path": path, **more}


def chmod(path: str = "a.txt", mode: str = "100755", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Ask for a file that can be executed."""
    return {"op": "chmod", "path": path, "mode": mode, **more}


def request(*operations: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - any field
    """Put operations together."""
    return {"schema": "deputize.change/1", "operations": list(operations), **more}
