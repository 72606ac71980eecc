"""A command that is run for each message: the text as an argument, or the document on its input."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.errors import ConfigError, ProcessError
from deputize.redaction import redacted
from deputize.showing import printable

if TYPE_CHECKING:
    from deputize.notify.message import Message

TEXT = "{text}"
SHELLS = frozenset({"sh", "ash", "bash", "dash", "fish", "ksh", "zsh"})
DESKTOP = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
    "DBUS_SESSION_BUS_ADDRESS",
    "XDG_RUNTIME_DIR",
)
"""What a program needs beside the usual variables to show something on the person's screen."""
OUTPUT_BYTES = 4096
PROBLEM_LENGTH = 200


class CommandChannel:
    """Tells by running a command, which ends with exit code 0 once it has delivered."""

    def __init__(self, name: str, kinds: frozenset[str], argv: tuple[str, ...]) -> None:
        """Run `argv`; ConfigError where it is none, or would run the text as a shell's code."""
        if not argv:
            raise ConfigError(f"notify channel {name!r}: `command` is missing")
        if _runs_text(argv):
            hint = 'use "$DEPUTIZE_TEXT" in the code'
            raise ConfigError(f"notify channel {name!r}: {TEXT} is part of shell code", hint=hint)
        self.name = name
        self.kinds = kinds
        self._argv = argv

    async def send(self, message: Message) -> str | None:
        """Run the command; see `Channel.send`."""
        from deputize.workspace.processes.program import Command
        from deputize.workspace.processes.run import Limits, run

        home = Path.home()
        command = Command(
            argv=tuple(part.replace(TEXT, message.text) for part in self._argv),
            cwd=home if home.is_dir() else Path("/"),
            env=_environment(message),
        )
        document = json.dumps(message.document).encode() + b"\n"
        limits = Limits(output_limit_bytes=OUTPUT_BYTES)
        try:
            finished = await run(command, limits, lambda *_: None, stdin=document)
        except ProcessError as error:
            return error.message
        if finished.exit_code == 0:
            return None
        said = _last_line(finished.output_tail)
        return f"exit code {finished.exit_code}" + (f": {said}" if said else "")


def _runs_text(argv: tuple[str, ...]) -> bool:
    """Tell whether a shell would read the text, which others write, as its own language."""
    if Path(argv[0]).name not in SHELLS:
        return False
    code = [part for flag, part in pairwise(argv) if flag.endswith("c")]
    return any(TEXT in part and (part != TEXT or part in code) for part in argv[1:])


def _environment(message: Message) -> dict[str, str]:
    from deputize.workspace.processes.environment import agent_environment

    ids = {"TASK_ID": message.task, "APPROVAL_ID": message.approval}
    named = {f"DEPUTIZE_{name}": str(value) for name, value in ids.items() if value is not None}
    facts = {
        "DEPUTIZE_EVENT": message.kind,
        "DEPUTIZE_EVENT_ID": message.id,
        "DEPUTIZE_TEXT": message.text,
    }
    return agent_environment(DESKTOP, facts | named)


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").split()
    return printable(redacted(" ".join(lines)))[-PROBLEM_LENGTH:]
