"""What the scripted model does in the conformance suite."""

from __future__ import annotations

import atexit
import socket
from dataclasses import replace
from datetime import UTC, datetime

from deputize.demo.model import (
    ErrorReply,
    FetchAddress,
    Hang,
    ReadFile,
    RunShell,
    Scene,
    Script,
    Turn,
    WriteFile,
)

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)

SLEEPER = "sleep 300 & echo $! > sleeper.pid; mv sleeper.pid sleeper; wait"

FLOOD_BYTES = 100 * 1024 * 1024
FLOOD = f"head -c {FLOOD_BYTES} /dev/zero | tr '\\0' x"

MUCH = " ".join(f"{number:0199}" for number in range(1000))

OUTSIDE = "{workspace}/../outside.txt"
DOOR = socket.create_server(("127.0.0.1", 0))
atexit.register(DOOR.close)
"""Takes down who comes: nobody is let in."""
PAGE = f"http://127.0.0.1:{DOOR.getsockname()[1]}/page"

SCRIPT = Script(
    scenes=(
        Scene(
            name="write",
            contains="write the note",
            turns=(
                Turn(say="At once.", steps=(WriteFile(path="note.txt", content="one\n"),)),
                Turn(say="The note is written."),
            ),
        ),
        Scene(
            name="environment",
            contains="show the environment",
            turns=(
                Turn(steps=(RunShell(command="env > environment.txt"),)),
                Turn(say="There it is."),
            ),
        ),
        Scene(
            name="sleep",
            contains="sleep long",
            turns=(Turn(steps=(RunShell(command=SLEEPER),)), Turn(say="Slept.")),
        ),
        Scene(
            name="run",
            contains="run the command",
            turns=(Turn(steps=(RunShell(command="touch ran.txt"),)), Turn(say="It ran.")),
        ),
        Scene(
            name="look",
            contains="look outside",
            turns=(Turn(steps=(ReadFile(path=OUTSIDE),)), Turn(say="I have seen it.")),
        ),
        Scene(
            name="fetch",
            contains="fetch the page",
            turns=(Turn(steps=(FetchAddress(url=PAGE),)), Turn(say="I have it.")),
        ),
        Scene(name="hang", contains="think forever", turns=(Turn(fault=Hang()),)),
        Scene(name="idle", contains="do nothing", turns=(Turn(say="There was nothing to do."),)),
        Scene(
            name="flood",
            contains="flood the output",
            turns=(Turn(steps=(RunShell(command=FLOOD),)), Turn(say="It has flown.")),
        ),
        Scene(name="much", contains="say much", turns=(Turn(say=MUCH),)),
        Scene(name="remember", contains="remember the plum", turns=(Turn(say="I will."),)),
        Scene(
            name="refused",
            contains="be refused",
            turns=(Turn(fault=ErrorReply(status=400, message="No such thing.")),),
        ),
        Scene(
            name="limited",
            contains="be limited",
            turns=(
                Turn(
                    fault=ErrorReply(
                        status=429,
                        message="Rate limit reached. Please try again in 20m.",
                        reset_after_seconds=1200,
                    )
                ),
            ),
        ),
    )
)


def _submitting(turn: Turn) -> Turn:
    """End as mini-swe-agent wants it: by a command, which prints this and the answer."""
    if turn.steps or turn.say is None or turn.fault:
        return turn
    command = f"printf 'COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\\n%s' '{turn.say}'"
    return replace(turn, steps=(RunShell(command=command),))


SUBMITTED = Script(
    scenes=tuple(
        replace(scene, turns=tuple(map(_submitting, scene.turns))) for scene in SCRIPT.scenes
    )
)
"""The same for an agent that ends by a command."""

EDITS = "At once.\n\nnote.txt\n```\none\n```\n\nThe note is written."

WRITTEN_OUT = Script(
    scenes=(
        Scene(name="write", contains="write the note", turns=(Turn(say=EDITS),)),
        *SCRIPT.scenes[1:],
    ),
    without_tools=True,
)
"""The same for an agent whose model has no tools, and writes out what a file is to be."""
