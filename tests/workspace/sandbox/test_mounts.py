"""What a confinement comes to on the disk that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.workspace.sandbox.bubblewrap import arguments_of
from deputize.workspace.sandbox.confinement import Access, Confinement, Rule
from deputize.workspace.sandbox.mounts import Kind, Mount, mounts_of

if TYPE_CHECKING:
    from pathlib import Path


def kinds(confinement: Confinement, under: Path) -> dict[str, Kind]:
    """Return what is mounted under a folder, by relative path."""
    found = mounts_of(confinement)
    return {str(each.place).removeprefix(f"{under}/"): each.kind for each in found}


def confinement(temporary: Path, *rules: tuple[Path, Access]) -> Confinement:
    """Make a confinement of rules."""
    made = tuple(Rule(path=path, access=access) for path, access in rules)
    return Confinement(rules=made, temporary=temporary)


def test_the_deeper_rule_holds(tmp_path: Path) -> None:
    """What is hidden can hold what may be written, and that what may only be read."""
    (tmp_path / "home/box/git").mkdir(parents=True)
    told = confinement(
        tmp_path,
        (tmp_path / "home/box/git", Access.READABLE),
        (tmp_path / "home", Access.HIDDEN),
        (tmp_path / "home/box", Access.WRITABLE),
    )
    assert list(kinds(told, tmp_path).items()) == [
        ("home", Kind.EMPTY_FOLDER),
        ("home/box", Kind.WRITABLE),
        ("home/box/git", Kind.READABLE),
    ]


def test_the_later_of_two_rules_for_a_path_holds(tmp_path: Path) -> None:
    """What an agent keeps is hidden from all, until it is granted."""
    (tmp_path / "login").mkdir()
    told = confinement(tmp_path, (tmp_path / "login", Access.HIDDEN))
    assert kinds(told, tmp_path) == {"login": Kind.EMPTY_FOLDER}
    assert kinds(told.granting(write=[tmp_path / "login"]), tmp_path) == {"login": Kind.WRITABLE}


def test_what_can_be_written_is_not_narrowed_by_what_names_it_for_reading(tmp_path: Path) -> None:
    """A program may lie in a folder that may be written to."""
    told = confinement(tmp_path).granting(write=[tmp_path]).granting(read=[tmp_path])
    assert kinds(told, tmp_path.parent) == {tmp_path.name: Kind.WRITABLE}


def test_links_are_followed(tmp_path: Path) -> None:
    """A secret that is only linked to is hidden where it is."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".ssh").symlink_to("elsewhere")
    told = confinement(tmp_path, (tmp_path / ".ssh", Access.HIDDEN))
    assert kinds(told, tmp_path) == {"elsewhere": Kind.EMPTY_FOLDER}


def test_what_is_not_there_needs_nothing(tmp_path: Path) -> None:
    """Nor does what a rule above grants already."""
    (tmp_path / "box/inner").mkdir(parents=True)
    told = confinement(
        tmp_path,
        (tmp_path / "gone", Access.HIDDEN),
        (tmp_path / "box", Access.WRITABLE),
        (tmp_path / "box/inner", Access.WRITABLE),
    )
    assert kinds(told, tmp_path) == {"box": Kind.WRITABLE}


def test_a_layered_folder_has_room_beside_what_is_there(tmp_path: Path) -> None:
    """Its entries stay readable, links stay links, and hidden ones stay hidden."""
    home = tmp_path / "home"
    for name in ("project", ".ssh", ".config/gh", ".config/other"):
        (home / name).mkdir(parents=True)
    (home / ".netrc").touch()
    (home / ".profile").touch()
    (home / "link").symlink_to("project")
    told = confinement(
        tmp_path,
        (home, Access.LAYERED),
        (home / ".config", Access.LAYERED),
        (home / ".ssh", Access.HIDDEN),
        (home / ".netrc", Access.HIDDEN),
        (home / ".config/gh", Access.HIDDEN),
        (home, Access.READABLE),
    )
    assert kinds(told, home) == {
        str(home): Kind.LAYER,
        ".config": Kind.LAYER,
        ".config/gh": Kind.EMPTY_FOLDER,
        ".config/other": Kind.READABLE,
        ".netrc": Kind.EMPTY_FILE,
        ".profile": Kind.READABLE,
        ".ssh": Kind.EMPTY_FOLDER,
        "link": Kind.LINK,
        "project": Kind.READABLE,
    }


def test_an_empty_folder_is_closed_last(tmp_path: Path) -> None:
    """What is mounted in it needs a place there first."""
    mounts = (
        Mount(kind=Kind.EMPTY_FOLDER, place="/home"),
        Mount(kind=Kind.LAYER, place="/home/me"),
        Mount(kind=Kind.EMPTY_FILE, place="/home/me/.netrc"),
        Mount(kind=Kind.WRITABLE, place="/home/me/box"),
    )
    told = " ".join(arguments_of(mounts, tmp_path))
    assert told == (
        f"--perms 0555 --tmpfs /home --bind {tmp_path}/1 /home/me "
        f"--ro-bind {tmp_path}/empty /home/me/.netrc --bind /home/me/box /home/me/box "
        "--remount-ro /home"
    )


def test_a_link_to_what_can_be_seen_is_there_too(tmp_path: Path) -> None:
    """Where its folder is emptied, what is started by the link would not be found else."""
    (tmp_path / "real/bin").mkdir(parents=True)
    (tmp_path / "linked").symlink_to("real/bin")
    told = confinement(tmp_path, (tmp_path, Access.PRIVATE), (tmp_path / "linked", Access.READABLE))
    way = Mount(kind=Kind.WAY, place=str(tmp_path / "linked"), target=str(tmp_path / "real/bin"))
    assert way in mounts_of(told)
    open_ = confinement(tmp_path, (tmp_path / "linked", Access.READABLE))
    assert not mounts_of(open_)
