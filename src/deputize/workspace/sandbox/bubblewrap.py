"""bubblewrap's arguments, and whether this machine lets it do what they say.

What was measured:

- It dies of SIGTERM, and everything inside is killed with it at once. So SIGTERM is ignored outside
  and given back inside; ending a tree signals what is inside directly.
- Its first process inside collects orphans; killed programs become exit code 128 + n; daemons end
  with the program. Environments stay readable from outside.
- Root without capabilities can still write to `/proc/sys`, and so take over the machine: bubblewrap
  covers it only where the folder itself can be written to, so it is covered here.
- `--disable-userns` makes one namespace more, so that none can be made inside.
- Run by root, the inside is root without capabilities, in a user namespace that knows only root:
  files of other users can be neither made nor given away.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deputize.workspace.sandbox.mounts import Kind, Mount

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALWAYS: Final = (
    *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
    *("--die-with-parent", "--new-session", "--cap-drop", "ALL", "--ro-bind", "/", "/"),
    *("--dev", "/dev", "--proc", "/proc"),
    *(
        word
        for name in ("acpi", "bus", "fs", "irq", "scsi", "sys", "sysrq-trigger")
        for word in ("--ro-bind-try", f"/proc/{name}", f"/proc/{name}")
    ),
)
"""What holds for every confinement. The kernel's settings ask only whether root writes them."""
ROOT_NESTS: Final = ("--cap-add", "CAP_SETFCAP")
"""Without it root can't be root in a namespace of its own (user_namespaces(7)); of no other use."""
NO_NESTING: Final = "--disable-userns"
PROOF: Final = 'read -r pid rest </proc/self/stat; test "$pid" = "$$" && ! test -e "$1" && exit 37'
"""Has its own processes only, and does not see a file that is hidden from it."""
PROOF_EXIT_CODE: Final = 37
PROOF_SECONDS: Final = 10.0
INSTALL: Final = "install bubblewrap (`apt install bubblewrap`)"
REFUSED_HINT: Final = "allow unprivileged user namespaces on this machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubblewrap:
    """bubblewrap on this machine, which was tried out."""

    program: str
    env: str
    """GNU env, which ignores a signal for one program and gives it back to another."""
    version: str
    disables_nesting: bool

    def launcher(
        self, mounts: Iterable[Mount], layers: Path, *, nests: bool = False
    ) -> tuple[str, ...]:
        """Return what stands before a program's arguments to start it inside.

        Layers come from a folder of that name, in the order of the mounts.
        """
        nesting: tuple[str, ...] = (NO_NESTING,) if self.disables_nesting and not nests else ()
        if nests and os.geteuid() == 0:
            nesting = ROOT_NESTS
        return (
            *(self.env, "--ignore-signal=TERM", self.program, *ALWAYS, *nesting),
            *arguments_of(mounts, layers),
            *("--", self.env, "--default-signal=TERM", "--"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Why there is no bubblewrap to use, and what to do about it."""

    why: str
    hint: str


def arguments_of(mounts: Iterable[Mount], layers: Path) -> Iterator[str]:
    """Yield the arguments for some mounts: pure."""
    mounts, empty = [*mounts], []
    used = _holding_others(mounts)
    for number, mount in enumerate(mounts):
        if mount.kind is Kind.EMPTY_FOLDER and mount.place not in used:
            # One call to the kernel, where a folder in memory takes two: there are many of these.
            yield from ("--ro-bind", str(layers / NOTHING), mount.place)
            continue
        yield from _words(mount, str(layers / str(number)), str(layers / EMPTY))
        if mount.kind is Kind.EMPTY_FOLDER:
            empty.append(mount.place)
    # Not before everything that lies in them has its place.
    for place in empty:
        yield from ("--remount-ro", place)


def _words(mount: Mount, layer: str, empty_file: str) -> tuple[str, ...]:
    place = mount.place
    return {
        # What has gone meanwhile is not missed.
        Kind.READABLE: ("--ro-bind-try", place, place),
        Kind.WRITABLE: ("--bind", place, place),
        Kind.EMPTY_FILE: ("--ro-bind", empty_file, place),
        Kind.EMPTY_FOLDER: ("--perms", "0555", "--tmpfs", place),
        Kind.PRIVATE_FOLDER: ("--perms", "1777", "--tmpfs", place),
        Kind.LAYER: ("--bind", layer, place),
        Kind.WAY: ("--symlink", mount.target, place),
        Kind.LINK: (),  # it is in its layer
    }[mount.kind]


def _holding_others(mounts: Iterable[Mount]) -> set[str]:
    """Return the places in which something else is mounted."""
    return {str(parent) for mount in mounts for parent in Path(mount.place).parents}


EMPTY: Final = "empty"
"""A file beside the layers with nothing in it."""
NOTHING: Final = "nothing"
"""A folder beside them with nothing in it."""


def make_layers(mounts: Iterable[Mount], layers: Path) -> None:
    """Make the folders and the file that `arguments_of` names; raises OSError."""
    layers.mkdir(mode=0o700)
    (layers / EMPTY).touch(mode=0o444)
    (layers / NOTHING).mkdir(mode=0o555)
    made: dict[str, Path] = {}
    for number, mount in enumerate(mounts):
        if mount.kind is Kind.LAYER:
            made[mount.place] = layers / str(number)
            made[mount.place].mkdir(mode=0o755)
        elif mount.kind is Kind.LINK:
            place = Path(mount.place)
            (made[str(place.parent)] / place.name).symlink_to(mount.target)


@cache
def bubblewrap() -> Bubblewrap | Missing:
    """Return bubblewrap, or why it can't be used here.

    Tries it out at the first call (about 30 ms), then remembers.
    """
    program, env = shutil.which("bwrap"), shutil.which("env")
    if sys.platform != "linux":
        return Missing(why="bubblewrap is only for Linux", hint="see docs/sandbox.md")
    if program is None or env is None:
        return Missing(why="bubblewrap is not installed", hint=INSTALL)
    told = _said(program, "--version")
    found = re.search(r"\d+(?:\.\d+)+", told)
    tried = Bubblewrap(
        program=program,
        env=env,
        version=found[0] if found else "of an unknown version",
        disables_nesting=NO_NESTING in _said(program, "--help"),
    )
    problem = _problem(tried)
    return Missing(why=problem, hint=REFUSED_HINT) if problem else tried


def _said(program: str, argument: str) -> str:
    try:
        run = subprocess.run(
            [program, argument],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROOF_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return (run.stdout + run.stderr).decode("utf-8", "replace")


def _problem(tried: Bubblewrap) -> str | None:
    """Return why it doesn't work here; None where a program inside proves that it does."""
    try:
        with tempfile.TemporaryDirectory(prefix="deputize-proof-") as made:
            return _tried(tried, Path(os.path.realpath(made)))
    except (OSError, subprocess.SubprocessError) as exc:
        return f"bubblewrap could not be tried out: {exc}"


def _tried(tried: Bubblewrap, folder: Path) -> str | None:
    hidden = folder / "hidden"
    hidden.mkdir()
    (hidden / "secret").touch()
    mounts, layers = [Mount(kind=Kind.EMPTY_FOLDER, place=str(hidden))], folder / "layers"
    make_layers(mounts, layers)
    launcher = tried.launcher(mounts, layers)
    proof = subprocess.run(
        [*launcher, "/bin/sh", "-c", PROOF, "proof", str(hidden / "secret")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PROOF_SECONDS,
        check=False,
    )
    if proof.returncode == PROOF_EXIT_CODE:
        return None
    last = proof.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    said = "".join(letter for letter in "".join(last) if letter.isprintable())[:200]
    return f"bubblewrap does not work here: {said or f'exit code {proof.returncode}'}"
