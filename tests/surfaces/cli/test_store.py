"""The verbs about the store itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fixtures import postgres

if TYPE_CHECKING:
    from pathlib import Path

    from tests.surfaces.cli.conftest import CommandLine


def test_migrating_says_what_was_done(deputize: CommandLine, tmp_path: Path) -> None:
    """On a new store each migration; the second time nothing."""
    url = postgres.url_of(tmp_path / "shared", template="template0")
    for place in ("", url):
        first = deputize("store", "migrate", "--json", DEPUTIZE_DATABASE=place).document
        assert [each["number"] for each in first["applied"]] == list(range(1, first["schema"] + 1))
        again = deputize("store", "migrate", DEPUTIZE_DATABASE=place)
        assert (again.code, again.out) == (0, "")
        assert "was up to date" in again.err


def test_a_store_is_copied_to_a_server_and_back(deputize: CommandLine, tmp_path: Path) -> None:
    """Data on stdout, progress on stderr; work goes on in the copy, under the same numbers."""
    deputize.add("first")
    url = postgres.url_of(tmp_path / "shared")
    said = deputize("store", "copy", "--to", url, "--json")
    assert said.document["tables"]["tasks"] == 1
    assert said.document["unsealed"] == 1
    added = deputize("add", "second", "--no-start", "-q", DEPUTIZE_DATABASE=url)
    assert added.out == "2\n"
    back = tmp_path / "back" / "deputize.db"
    copied = deputize("store", "copy", "--to", f"sqlite://{back}", DEPUTIZE_DATABASE=url)
    assert (copied.code, copied.out.count("\n")) == (0, 1)
    assert "tasks: 2\n" in copied.err
    listed = deputize("list", "--json", DEPUTIZE_HOME=str(back.parent)).document
    assert sorted(task["id"] for task in listed) == [1, 2]


def test_a_copy_that_can_not_be_is_refused(deputize: CommandLine, tmp_path: Path) -> None:
    """Onto something that is in use, onto itself, or to what is no database."""
    deputize.add()
    used = tmp_path / "used.db"
    assert deputize("store", "copy", "--to", str(used)).code == 0
    for to in (str(used), str(deputize.home / "deputize.db"), "mysql://h/x", "sqlite://"):
        refused = deputize("store", "copy", "--to", to, "--json")
        assert (refused.code, refused.out) == (2, "")
        assert refused.error["hint"]


def test_a_server_that_is_away_is_exit_5_and_a_wrong_address_exit_3(deputize: CommandLine) -> None:
    """Neither shows the password."""
    for address, code in (
        ("postgresql://ada:s3cr3t@127.0.0.1:1/x", 5),
        ("postgresql://ada:s3cr3t@h:port/x", 3),
        ("oracle://ada:s3cr3t@h/x", 3),
    ):
        said = deputize("list", "--json", DEPUTIZE_DATABASE=address)
        assert said.code == code
        assert said.error["hint"]
        assert "s3cr3t" not in said.err
