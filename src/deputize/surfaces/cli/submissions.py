"""What is said on stderr of what was submitted, one task or a plan of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deputize.surfaces.cli.output import Output


def warn_of_trust(output: Output, *, untrusted: bool) -> None:
    """Warn of commands that nobody has trusted yet."""
    if untrusted:
        output.warn(
            "this repository's deputize.toml runs commands that nobody has trusted yet",
            "`deputize trust` shows them and asks",
        )


def note_uncommitted(output: Output, count: int, what_starts: str) -> None:
    """Say how many files of the checkout are left out."""
    if count:
        files, them = ("1 file is", "it") if count == 1 else (f"{count} files are", "them")
        output.note(f"note: {files} not committed; {what_starts} without {them}")
