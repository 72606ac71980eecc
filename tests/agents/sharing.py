"""What the scripted model does where attempts share a program."""

from __future__ import annotations

from deputize.demo.model import RunShell, Scene, Script, Turn
from tests.agents.scenes import SCRIPT as CONFORMANCE

STAY = (
    "cd {workspace}; sleep 300 & (cd /; setsid sleep 301 & echo $! > {workspace}/away); "
    "touch there; until test -e go; do sleep 0.02; done"
)
LEAVE = "cd {workspace}; (while :; do read -r -t 0.1 < /dev/zero; done) & echo $! > forked"
SCRIPT = Script(
    scenes=(
        *CONFORMANCE.scenes,
        Scene(
            name="stay",
            contains="Please stay",
            turns=(Turn(steps=(RunShell(command=STAY),)), Turn(say="I have gone.")),
        ),
        Scene(
            name="leave",
            contains="Please leave something",
            turns=(Turn(steps=(RunShell(command=LEAVE),)), Turn(say="It is there.")),
        ),
        Scene(
            name="wait",
            contains="Please wait for me",
            turns=(
                Turn(steps=(RunShell(command="touch {workspace}/begun"),)),
                Turn(say="Here I am.", wait_for="go"),
            ),
        ),
    )
)
