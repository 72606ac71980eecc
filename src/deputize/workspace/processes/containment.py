"""A PID namespace around a program, where the system allows one: nothing that it starts can leave.

When the first process of a namespace ends, the kernel kills all others (pid_namespaces(7)), so
neither setsid(2) nor an empty environment helps a daemon to stay. What was measured:

- `unshare` waits outside, with SIGTERM blocked, and `--kill-child` ends the namespace with it. If
  the worker is killed, `unshare` lives on as an orphan: ending the tree finds it by its marker.
- A small shell is the first process inside. A program in its place would not get signals that it
  doesn't handle, and its orphans' zombies would stay. Killed programs become exit code 128 + n.
- The daemons of a program end when the program ends. The environments stay readable from outside.
- Without its own /proc the inside would see the numbers of the outside, and programs that look
  themselves up would find others. So where /proc can't be mounted, there is no containment.
- Inside, only its own processes exist: a lock file with a process number from outside looks stale.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from typing import Final

FIRST_PROCESS: Final = 'exec 3>&2 2>/dev/null; (exec "$@" 2>&3 3>&-); exit "$?"'
"""Runs a program as child of the namespace's first process, whose own remarks are not shown."""
PROOF: Final = 'read -r pid rest </proc/self/stat; test "$pid" = "$$" && exit 37'
PROOF_EXIT_CODE: Final = 37
PROOF_SECONDS: Final = 5.0


@cache
def containment_prefix() -> tuple[str, ...]:
    """Return the arguments to put before a program's to contain it; none where that can't be.

    Tries it out at the first call (about 30 ms), then remembers.
    """
    unshare, shell = shutil.which("unshare"), shutil.which("sh")
    if sys.platform != "linux" or unshare is None or shell is None:
        return ()
    user = () if os.geteuid() == 0 else ("--user", "--map-current-user")
    prefix = (
        *(unshare, *user, "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
        *(shell, "-c", FIRST_PROCESS, "deputize-init"),
    )
    return prefix if _works(prefix, shell) else ()


def _works(prefix: tuple[str, ...], shell: str) -> bool:
    try:
        proof = subprocess.run(
            [*prefix, shell, "-c", PROOF],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROOF_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return proof.returncode == PROOF_EXIT_CODE
