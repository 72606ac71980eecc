"""What a program inside tries in order to get out: each is looked at from outside."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.config.settings import SandboxSettings
from deputize.workspace.processes.identity import is_running
from deputize.workspace.sandbox.places import places_of
from deputize.workspace.sandbox.shelter import sheltered
from deputize.workspace.worktree import open_in_place
from tests.workspace.processes.starting import known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.workspace.sandbox.conftest import Box


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process outside."""
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as process:
        yield process
        process.kill()


def everything_in(folder: Path) -> dict[str, bytes | None]:
    """Return all names in a folder with the content of files."""
    return {
        str(each.relative_to(folder)): each.read_bytes() if each.is_file() else None
        for each in sorted(folder.rglob("*"))
    }


def test_it_works_in_its_workspace(box: Box) -> None:
    """There it writes and commits, and the commit is there outside."""
    said = box.inside(
        "echo hello >new.txt && git add new.txt && git -c user.name=A -c user.email=a@b.c "
        "commit -qm new && git log --oneline | wc -l && mktemp && echo fine"
    )
    assert said.splitlines()[-1] == "fine", said
    assert (box.workspace.path / "new.txt").read_text() == "hello\n"
    assert len((box.workspace.worktree.git_dir / "logs/HEAD").read_text().splitlines()) == 2


def test_the_users_checkout_stays_as_it_is(box: Box) -> None:
    """Neither files nor the repository with its hooks and settings can be written to."""
    before = everything_in(box.project.path)
    there = box.project.path
    box.inside(
        f"echo bad >{there}/src/deep/module.py; echo bad >{there}/new; rm -rf {there}/*; "
        f"printf '#!/bin/sh\\n' >{there}/.git/hooks/pre-commit; "
        f"git -C {there} config core.hooksPath /tmp; git -C {there} commit --allow-empty -m bad; "
        f"git -C {there} branch bad; chmod 777 {there}; mv {there} {there}.gone"
    )
    assert everything_in(there) == before
    assert not there.with_name("project.gone").exists()


def test_home_and_its_keys_are_not_there(box: Box) -> None:
    """Of deputize's home nothing is seen but the workspace and what that borrows from."""
    home = box.home.path
    before = everything_in(home)
    found = box.inside(f"cd {home}; find .")
    said = box.inside(
        f"echo bad >{home}/deputize.db; echo bad >{home}/config.toml; mkdir {home}/new; "
        f"echo bad >{box.other.path}/bad; mkdir -p {box.other.path}; "
        f"echo bad >{box.workspace.worktree.records}/index; echo end"
    )
    assert said.splitlines()[-1] == "end"
    assert str(box.workspace.path.relative_to(home)) in found
    assert not re.search(r"deputize\.db|config\.toml|keys|7-2", found)
    assert everything_in(home) == before


@pytest.mark.parametrize(
    "name", [".ssh/id_ed25519", ".aws/credentials", ".codex/auth.json", ".netrc"]
)
def test_secrets_are_neither_read_nor_written(box: Box, name: str) -> None:
    """They look empty, and writing leads nowhere."""
    secret = box.user / name
    said = box.inside(f"cat {secret}; echo bad >{secret}; rm -f {secret}; echo bad >{secret}.pub")
    assert "a secret" not in said
    assert secret.read_text() == "a secret of the person's\n"
    assert not secret.with_name(f"{secret.name}.pub").exists()


def test_the_rest_of_the_home_is_for_reading(box: Box) -> None:
    """What is made beside what is there goes with the sandbox."""
    said = box.inside(
        f"cat {box.user}/notes.txt; echo bad >>{box.user}/notes.txt; echo bad >{box.user}/.bashrc; "
        f"cat {box.user}/.bashrc"
    )
    assert "notes" in said
    assert "bad" in said
    assert (box.user / "notes.txt").read_text() == "notes\n"
    assert not (box.user / ".bashrc").exists()


def test_what_an_agent_is_granted_only_it_sees(box: Box) -> None:
    """Its login is there, and can be renewed; other programs of the attempt don't see it."""
    login = box.user / ".codex"
    granted = box.shelter.launcher(write=[login])
    assert "a secret" in box.inside(f"cat {login}/auth.json; echo new >{login}/auth.json", granted)
    assert (login / "auth.json").read_text() == "new\n"
    assert "new" not in box.inside(f"cat {login}/auth.json")


def test_no_hard_link_to_a_file_outside(box: Box) -> None:
    """A second name in the workspace would be a way to write to it."""
    outside = box.user / "notes.txt"
    for each in (outside, box.project.path / "src/deep/module.py"):
        box.inside(f"ln {each} linked; echo bad >>linked")
    assert outside.stat().st_nlink == 1
    assert outside.read_text() == "notes\n"


def test_a_link_made_during_the_run_leads_nowhere(box: Box) -> None:
    """Paths mean inside what they mean there, whatever leads to them."""
    said = box.inside(
        f"ln -s {box.user}/.ssh keys; cat keys/id_ed25519; echo bad >keys/new; "
        f"ln -s {box.home.path} home; cat home/deputize.db; echo bad >home/deputize.db"
    )
    assert "a secret" not in said
    assert not (box.user / ".ssh/new").exists()
    assert box.home.database.read_text() == "a secret of deputize's\n"


def test_other_processes_are_neither_seen_nor_ended(
    box: Box, stranger: subprocess.Popen[bytes]
) -> None:
    """Nor read, traced, or used as a way to the files that they see."""
    pid, outside = stranger.pid, known(stranger.pid)
    secret = f"{box.user}/.ssh/id_ed25519"
    said = box.inside(
        f"kill -9 {pid}; kill -9 -1; ls /proc/{pid}; cat /proc/{pid}/environ; "
        f"cat /proc/1/root{secret}; cat /proc/self/root{secret}; cat /proc/*/root{secret}; "
        f"ls -d /proc/[0-9]*"
    )
    assert is_running(outside)
    assert "a secret" not in said
    assert f"/proc/{pid}\n" not in said


TRACE = """
import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
print("traced" if libc.ptrace(16, int(sys.argv[1]), 0, 0) == 0 else "refused")
"""


def test_no_process_outside_is_traced(box: Box, stranger: subprocess.Popen[bytes]) -> None:
    """Its number means nothing inside."""
    said = box.inside(f"python3 -c '{TRACE}' {stranger.pid}")
    assert said == "refused\n"
    assert is_running(known(stranger.pid))


def test_no_mount_no_namespace_no_right_that_it_had_not(box: Box) -> None:
    """Mounts stay as they are, and no program gains rights by being started."""
    said = box.inside(
        "mkdir m; mount -t tmpfs none m && echo mounted; umount /proc && echo unmounted; "
        "mount -o remount,rw / && echo remounted; unshare -Ur true && echo nested; "
        "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status"
    )
    assert not {"mounted", "unmounted", "remounted", "nested"} & set(said.split())
    rights = [line.split() for line in said.splitlines() if line.startswith(("Cap", "NoNew"))]
    assert rights == [["CapEff:", "0" * 16], ["CapBnd:", "0" * 16], ["NoNewPrivs:", "1"]]


@pytest.mark.parametrize("file", ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"])
def test_the_kernel_is_not_told_anything(box: Box, file: str) -> None:
    """Where root is who runs it, these would be a way to become root outside."""
    assert "wrote" not in box.inside(f"test -w {file} && echo wrote; : >>{file} && echo wrote")


def test_shared_folders_are_its_own(box: Box, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What others keep for a while in /tmp is not there, and nothing is left there."""
    other = tmp_path_factory.mktemp("other") / "session"
    name = f"left-{secrets.token_hex(4)}"
    other.write_text("a secret of another program's\n")
    said = box.inside(f"cat {other}; ls /run /var/tmp; echo left >/tmp/{name}; ls /tmp")
    assert "a secret" not in said
    assert name in said
    assert not (Path("/tmp") / name).exists()  # noqa: S108 - it is not there


def test_sockets_of_other_programs_are_not_there(box: Box, tmp_path: Path) -> None:
    """A server that listens under /tmp, as an ssh agent does, is not reached."""
    path = tmp_path / "server"
    client = f"import socket; socket.socket(socket.AF_UNIX).connect('{path}'); print('reached')"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert "reached" not in box.inside(f'python3 -c "{client}"')
        ended = subprocess.run([sys.executable, "-c", client], capture_output=True, check=False)
    assert ended.stdout == b"reached\n"


def test_in_place_the_git_directory_is_for_reading(box: Box) -> None:
    """In the user's checkout files are edited, and git is asked, not told."""
    mirror = box.workspace.worktree.mirror
    place = open_in_place(box.project.path, mirror, store="s", task=8, attempt=1)
    before = everything_in(box.project.path / ".git")
    with sheltered(SandboxSettings(level="workspace"), box.home.path, places_of(place)) as shelter:
        there = place.path
        said = box.inside(
            f"cd {there}; echo edited >src/deep/module.py; git status --short; git add .; "
            "git stash; echo bad >.git/hooks/post-checkout; git config core.fsmonitor /tmp/x; "
            "git checkout -q -b bad; mv .git .git2; rm -rf .git",
            shelter.launcher(),
        )
    assert " M src/deep/module.py" in said
    assert (there / "src/deep/module.py").read_text() == "edited\n"
    assert everything_in(there / ".git") == before


def test_a_sandbox_inside_of_it_takes_nothing_away(box: Box) -> None:
    """Who may make namespaces, for a sandbox of its own, can't lift what lies over secrets."""
    secret, notes = box.user / ".ssh/id_ed25519", box.user / "notes.txt"
    said = box.inside(
        f"unshare -Urm bash -c 'echo nested; umount {secret.parent}; umount -l {secret.parent}; "
        f"umount -R {box.user}; umount -l /proc/sys; mount -o remount,rw,bind {notes}; "
        f"echo bad >>{notes}; cat {secret}; : >>/proc/sys/kernel/core_pattern && echo wrote'",
        box.shelter.launcher(nests=True),
    )
    assert "nested" in said
    assert "wrote" not in said
    assert "a secret" not in said
    assert notes.read_text() == "notes\n"
