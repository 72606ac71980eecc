"""What a change request looks like: which fields it has, which of them go with which operation.

`reading.py` reads by these tables and `schema.py` makes a JSON Schema of them.
"""

from __future__ import annotations

from typing import NamedTuple

from deputize.incoming import END
from deputize.model.change import Operation

HASH = rf"^sha256:[0-9a-f]{{64}}{END}"
COMMIT = rf"^[0-9a-f]{{40}}(?:[0-9a-f]{{24}})?{END}"
TEXT_LENGTH = 1000
"""How long the texts about a request may be: its title, its author, where it belongs."""
CONTENT_BYTES = 1 << 20
"""The most that one file may hold after its operation, and the longest patch: 1 MiB."""


class Fields(NamedTuple):
    """The fields that an operation has besides `op` and `path`."""

    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    """Not more than one of these; exactly one where `needs_one`."""
    needs_one: bool = False
    about: str = ""


OPERATIONS = {
    Operation.CREATE: Fields(
        needed=("content",), allowed=("after", "mode"), about="a file that is not there yet"
    ),
    Operation.MODIFY: Fields(
        allowed=("before", "after", "mode"),
        one_of=("content", "patch"),
        needs_one=True,
        about="a file that is there: all of its new content, or a unified diff of it",
    ),
    Operation.DELETE: Fields(allowed=("before",), about="a file that is there"),
    Operation.RENAME: Fields(
        needed=("from",),
        allowed=("before", "after", "mode"),
        one_of=("content", "patch"),
        about="from one path to another; with content or a patch it is changed as well",
    ),
    Operation.CHMOD: Fields(
        needed=("mode",), allowed=("before",), about="whether it can be executed"
    ),
}
ABOUT = {
    "op": "what happens to the file",
    "path": "the file, from the top of the repository, with / between folders; never in `.git`",
    "from": "the file's old path",
    "content": "all that the file holds afterwards: text",
    "patch": "a unified diff of this file alone, with lines of context",
    "before": "the hash of what the file has to hold in the base commit",
    "after": "the hash of what the file has to hold afterwards",
    "mode": "100644 is a plain file, 100755 an executable one",
    "schema": "the version of this format",
    "task": "the task that it belongs to, by its id",
    "repo": "the repository, by its folder",
    "base": "the full id of the commit that the operations are compared with",
    "target": "the branch to land on",
    "author": "who made it",
    "title": "what it does, in one line",
    "operations": "all are carried out, or none; a path stands in one of them only",
    "signature": "who vouches for it",
    "key": "the name of the key",
    "value": "the signature itself",
}
"""What each field is, for people and for models."""
MEANT = {
    "old_path": "from",
    "source": "from",
    "old": "from",
    "type": "op",
    "operation": "op",
    "action": "op",
    "file": "path",
    "new_path": "path",
    "diff": "patch",
    "text": "content",
    "changes": "operations",
    "files": "operations",
    "message": "title",
    "commit": "base",
}
"""Names that others have for the fields."""


def fields_of(op: Operation) -> tuple[str, ...]:
    """Return all the fields that an operation may have."""
    shape = OPERATIONS[op]
    return ("op", "path", *shape.needed, *shape.one_of, *shape.allowed)
