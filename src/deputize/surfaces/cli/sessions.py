"""How verbs name sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser


def add_token(parser: ArgumentParser, *, optional: bool = False) -> None:
    """Let a verb name a session."""
    parser.add_argument(
        "session",
        metavar="TOKEN",
        nargs="?" if optional else None,
        help="a session: `deputize sessions list` shows them",
    )
