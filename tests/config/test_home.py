"""The home folder, and the hash under which a repository's wishes are trusted."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from deputize.config.home import ensure, find_home
from deputize.config.settings import CheckSettings, Config, Step, WorkspaceSettings
from deputize.config.trust import Wishes
from deputize.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

STEP = Step(command="make deps")
CHECK = CheckSettings(command="make test")


def wishes(
    setup: tuple[Step, ...] = (STEP,),
    checks: dict[str, CheckSettings] | None = None,
    include: bytes | None = b".env\n",
    own: tuple[str, ...] = (),
) -> Wishes:
    """Make the wishes of a repository."""
    workspace = WorkspaceSettings(setup=setup, include=own)
    found = {"tests": CHECK} if checks is None else checks
    return Wishes(config=Config(workspace=workspace, checks=found), include=include)


DIFFERENT = (
    wishes(setup=()),
    wishes(setup=(STEP, STEP)),
    wishes(setup=(Step(command="make  deps"),)),
    wishes(setup=(STEP._replace(timeout_seconds=301),)),
    wishes(checks={}),
    wishes(checks={"test": CHECK}),
    wishes(checks={"tests": CHECK._replace(command="true")}),
    wishes(checks={"tests": CHECK._replace(timeout_seconds=601)}),
    wishes(checks={"tests": CHECK._replace(paths=("src/*",))}),
    wishes(checks={"tests": CHECK._replace(required=False)}),
    wishes(include=None),
    wishes(include=b".env\n.secrets\n"),
    wishes(own=("*.local",)),
)


def test_every_part_of_a_wish_is_in_its_digest() -> None:
    """Whatever is changed, a person is asked again; no two of these are trusted as one."""
    digests = {other.digest for other in (wishes(), *DIFFERENT)}
    assert len(digests) == 1 + len(DIFFERENT)


def test_what_changes_nothing_keeps_its_digest() -> None:
    """Comments and blank lines of the list of files, and the order of the checks."""
    assert wishes(include=b"# private\n\n  .env  \n").digest == wishes().digest
    two = {"a": CHECK, "b": CHECK}
    turned = {"b": CHECK, "a": CHECK}
    assert wishes(checks=two).digest == wishes(checks=turned).digest
    landing = wishes().config._replace(default_agent="other")
    assert wishes()._replace(config=landing).digest == wishes().digest


def test_wishes_are_listed_for_people() -> None:
    """Each command and each private file that would be copied."""
    listed = wishes(own=("*.local",)).lines
    before = ("setup: make deps", "copy: .env", "copy: *.local")
    assert listed == (*before, "check tests: make test")
    assert wishes(own=("*.local",)).before_start == before
    assert Wishes(config=Config()).lines == ()


def test_what_home_wants_is_no_wish_of_the_repository() -> None:
    """Nobody is asked to trust a command of their own; what the repository adds is asked for."""
    home = wishes(own=("*.local",)).config
    own = Wishes(config=home, home=home)
    assert (own.lines, own.digest) == ((), Wishes(config=Config()).digest)
    assert own.of_workspace
    added = home._replace(checks={"tests": CHECK, "lint": CheckSettings(command="make lint")})
    assert Wishes(config=added, home=home).lines == ("check lint: make lint",)
    changed = home._replace(checks={"tests": CHECK._replace(command="true")})
    assert Wishes(config=changed, home=home).lines == ("check tests: true",)


def test_only_what_comes_before_an_agent_is_of_the_workspace() -> None:
    """Checks alone don't hold up an attempt."""
    assert wishes().of_workspace
    assert wishes(setup=()).of_workspace
    assert not wishes(setup=(), include=None).of_workspace


def test_bytes_that_are_no_text_in_the_list_of_files_are_no_crash() -> None:
    """They match nothing, and count in the digest."""
    odd = wishes(include=b"\xff\xfe.env\n")
    assert odd.before_start[-1].endswith(".env")
    assert odd.digest != wishes().digest


def test_the_home_is_where_the_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Absolute, with `~` read; without it, in the user's own folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    monkeypatch.setenv("DEPUTIZE_HOME", "here")
    assert find_home().path == tmp_path / "here"
    monkeypatch.setenv("DEPUTIZE_HOME", "~/there")
    assert find_home().path == tmp_path / "ada" / "there"
    monkeypatch.setenv("DEPUTIZE_HOME", "")
    assert find_home().path.is_relative_to(tmp_path / "ada")


def test_a_folder_of_the_home_is_the_owners_alone(tmp_path: Path) -> None:
    """Made with 0700; where something is in its place, it is said what to do."""
    made = ensure(tmp_path / "home")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert ensure(made) == made
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(StoreUnavailable, match=str(place)) as caught:
            ensure(place)
        assert "DEPUTIZE_HOME" in str(caught.value.hint)
