"""Where a prompt comes from: words on the command line, stdin, or a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.model.task import PROMPT_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO


def read_prompt(words: Sequence[str], file: str | None) -> str:
    """Return the prompt; InvalidInput where it is given twice, not at all, or isn't text."""
    if file is not None:
        if words:
            raise InvalidInput("the prompt is given twice: as words and with --file")
        return _from_file(Path(file))
    if not words:
        hint = 'deputize add "what is to be done", or --file FILE, or - for stdin'
        raise InvalidInput("there is no prompt", hint=hint)
    if len(words) > 1:
        together = " ".join(words).replace('"', "'")
        raise InvalidInput("the prompt must be one text", hint=f'put it in quotes: "{together}"')
    return _read(sys.stdin.buffer, "stdin") if words[0] == "-" else words[0]


def read_document(file: str) -> tuple[bytes, str]:
    """Return the bytes of a plan, from a file or `-` for stdin, and what to call it.

    No more is read than tells that there is too much.
    """
    from deputize.model.plan import PLAN_BYTES

    if file == "-":
        return sys.stdin.buffer.read(PLAN_BYTES + 1), "stdin"
    try:
        with Path(file).open("rb") as opened:
            return opened.read(PLAN_BYTES + 1), file
    except OSError as error:
        raise InvalidInput(f"cannot read {file}: {error.strerror}") from error


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return _read(file, str(path))
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}") from error


def _read(file: BinaryIO, name: str) -> str:
    """Read no more than may be, however much there is."""
    content = file.read(PROMPT_BYTES + 1)
    if len(content) > PROMPT_BYTES:
        hint = "put the material in a file of the repository and name it in the prompt"
        raise InvalidInput(
            f"{name} is longer than a prompt may be ({PROMPT_BYTES} bytes)", hint=hint
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name} is not valid UTF-8 at byte {error.start}"
        raise InvalidInput(message, hint="save it as UTF-8") from error
