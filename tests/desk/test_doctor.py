"""The check-up: what is missing is said, with what to do."""

from __future__ import annotations

import os
import re
import sqlite3
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.clock import ManualClock, SystemClock
from deputize.desk.adding import add
from deputize.desk.answers import trust, trust_view
from deputize.desk.context import open_desk
from deputize.desk.doctor import Finding, Level, examine
from deputize.desk.doctor.database import server as look_at_server
from deputize.model.task import TaskSpec
from deputize.model.worker import Worker
from deputize.store import chain, workers
from deputize.workspace.processes.identity import identify
from tests.fixtures import postgres
from tests.fixtures.disks import fill, read_only, small_disk

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.home import Home
    from deputize.desk.context import Desk
    from tests.fixtures.repositories import Folder

TOY = 'default_agent = "toy"\n[agents.toy]\nkind = "command"\ncommand = ["true"]\n'


def configure(home: Home, text: str = TOY) -> None:
    """Write the settings of a home."""
    home.path.mkdir(mode=0o700, exist_ok=True)
    home.config.write_text(text)


def of(findings: list[Finding], about: str) -> list[Finding]:
    """Return the findings about one thing."""
    return [finding for finding in findings if finding.about == about]


def test_a_healthy_home(home: Home, desk: Desk, project: Folder) -> None:
    """Nothing fails where all is there; the chain and the file are looked at."""
    configure(home)
    add(desk, TaskSpec(prompt="x", repo=str(project.path)))
    with desk.database.write() as transaction:
        chain.seal(transaction)
    findings = examine(home)
    assert [finding for finding in findings if finding.level is Level.FAIL] == []
    assert "1 entries in an unbroken chain" in of(findings, "journal")[0].text
    assert of(findings, "agent toy")[0].level is Level.OK


def test_nothing_is_made_by_looking(home: Home) -> None:
    """Before the first task there is no home, and after the check-up neither."""
    assert of(examine(home), "home")[0].level is Level.OK
    assert not home.path.exists()


def test_a_missing_default_agent_fails(home: Home) -> None:
    """An agent that tasks would go to must be there; another one is a warning."""
    configure(home, TOY.replace('["true"]', '["no-such-program"]'))
    findings = examine(home)
    assert of(findings, "agent toy")[0].level is Level.FAIL
    assert of(findings, "agent goose")[0].level is Level.WARN
    assert of(findings, "agent goose")[0].hint


def test_the_file_of_settings_is_named(home: Home) -> None:
    """Where it is read from, or would be if it were there."""
    assert of(examine(home), "settings")[0].text.startswith(f"no {home.config}: all defaults")
    configure(home)
    assert of(examine(home), "settings")[0].text.startswith(f"{home.config};")


def test_wrong_settings_are_a_finding(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong file fails with its key; a variable that means nothing warns."""
    monkeypatch.setenv("DEPUTIZE_COLOUR", "blue")
    configure(home, "slots = 3\n")
    assert "unknown key `slots`" in of(examine(home), "settings")[0].text
    configure(home)
    assert "DEPUTIZE_COLOUR" in of(examine(home), "settings")[1].text


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ('default_agent = "toi"\n', "config.toml names the unknown agent 'toi'"),
        (
            '[roles.writer]\nagent = "toi"\n',
            "[roles.writer] of config.toml names the unknown agent",
        ),
        (
            '[agents.x]\ncommand = ["true"]\nprovider = "far"\n',
            "[agents.x] of config.toml names the unknown provider 'far'",
        ),
    ],
)
def test_settings_that_add_refuses_are_a_failure(home: Home, settings: str, text: str) -> None:
    """What would be refused is found before."""
    configure(home, settings)
    found = [each for each in of(examine(home), "settings") if each.level is Level.FAIL]
    assert text in found[0].text
    assert found[0].hint


def test_a_home_that_takes_nothing_fails(home: Home) -> None:
    """A full disk, and one that can't be written to, are told with what to do."""
    with small_disk(home.path, 512):
        ballast = fill(home.path)
        found = of(examine(home), "home")[0]
        assert (found.level, found.hint) == (Level.FAIL, "free some disk space")
        ballast.unlink()
        with read_only(home.path):
            found = of(examine(home), "home")[0]
    assert found.level is Level.FAIL
    assert "can't be written to: Read-only file system" in found.text
    assert "DEPUTIZE_HOME" in str(found.hint)


def test_the_repository_that_one_stands_in_is_looked_at(
    home: Home, desk: Desk, project: Folder, tmp_path: Path
) -> None:
    """Its file at the target's tip, and whether that is trusted; outside there is nothing."""
    configure(home)
    assert of(examine(home, tmp_path), "repository") == []
    inside = project.path / "src"
    assert of(examine(home, inside), "repository")[0].level is Level.OK
    project.commit(deputize__toml="nonsense = 1\n")
    broken = of(examine(home, inside), "repository")[0]
    assert (broken.level, "unknown key `nonsense`" in broken.text) == (Level.FAIL, True)
    project.commit(deputize__toml="[checks.c]\ncommand = 'true'\n")
    asked = of(examine(home, inside), "repository")[0]
    assert (asked.level, "deputize trust" in str(asked.hint)) == (Level.WARN, True)
    trust(desk, trust_view(desk, str(project.path)))
    assert of(examine(home, inside), "repository")[0].level is Level.OK


def test_a_channel_that_cant_work_is_a_finding(home: Home) -> None:
    """A worker would not start with it; the others are named."""
    configure(home, TOY + '[[notify]]\nkind = "webhook"\nurl = "https://example.com"\n')
    assert of(examine(home), "notify")[0].text == "webhook-1"
    configure(home, TOY + '[[notify]]\nkind = "webhook"\nurl = "ftp://example.com"\n')
    found = of(examine(home), "notify")[0]
    assert (found.level, "no web address" in found.text) == (Level.FAIL, True)


def test_open_permissions_warn(home: Home, desk: Desk) -> None:
    """Others must not read the database or the home."""
    del desk
    home.path.chmod(0o755)
    home.database.chmod(0o644)
    hints = [finding.hint.partition(",")[0] for finding in examine(home) if finding.hint]
    assert {f"chmod 700 {home.path}", f"chmod 600 {home.database}"} <= set(hints)
    fixed = [one.about for one in examine(home, fix=True) if one.level is Level.FIXED]
    assert fixed == ["home", "database"]
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.database.stat().st_mode & 0o777 == 0o600
    assert [one for one in examine(home) if one.mend] == []


def test_a_damaged_database_fails(home: Home) -> None:
    """What can't be opened is a finding, not an error."""
    configure(home)
    home.database.write_bytes(b"garbage" * 2000)
    found = of(examine(home), "database")[0]
    assert (found.level, "damaged" in found.text) == (Level.FAIL, True)


def test_a_shared_store_is_looked_into(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its schema, its server's version, and how far the two clocks are apart."""
    url = postgres.url_of(tmp_path / "shared")
    monkeypatch.setenv("DEPUTIZE_DATABASE", url)
    whole, server = of(examine(home), "database")
    assert (whole.level, server.level) == (Level.OK, Level.OK)
    assert "is whole, schema" in whole.text
    assert re.search(r"PostgreSQL \d+\.\d+, its clock 0\.\d s (ahead|behind)", server.text)
    with open_desk(home) as desk:
        for seconds, level in ((20, Level.WARN), (120, Level.FAIL)):
            late = SystemClock().now() - timedelta(seconds=seconds)
            (finding,) = look_at_server(desk._replace(clock=ManualClock(late)))
            assert (finding.level, f"{seconds}.0 s ahead" in finding.text) == (level, True)


def test_a_shared_store_that_is_away_fails_with_a_way_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does an address that is none."""
    for address in ("postgresql://127.0.0.1:1/x", "nonsense"):
        monkeypatch.setenv("DEPUTIZE_DATABASE", address)
        (found,) = of(examine(home), "database")
        assert found.level is Level.FAIL
        assert found.hint


def test_a_broken_chain_fails(home: Home, desk: Desk, project: Folder) -> None:
    """An entry that was changed behind deputize's back is found."""
    add(desk, TaskSpec(prompt="x", repo=str(project.path)))
    with desk.database.write() as transaction:
        chain.seal(transaction)
    with sqlite3.connect(home.database) as connection:
        connection.execute("DROP TRIGGER events_are_not_changed")
        connection.execute("UPDATE events SET actor = 'person:eve'")
    connection.close()
    found = of(examine(home), "journal")[0]
    assert (found.level, "entry 1" in found.text) == (Level.FAIL, True)


def test_workers_that_are_gone_or_silent(home: Home, desk: Desk) -> None:
    """A worker that ended without a word, and one that hangs, are told apart."""
    now = SystemClock().now()
    living = str(identify(os.getpid()))
    for name, identity in (("w-silent", living), ("w-gone", living.replace(":", ":1", 1))):
        worker = Worker(
            id=name,
            identity=identity,
            host="h",
            roles=(),
            slots=3,
            started_at=now,
            seen_at=now - timedelta(minutes=5),
            draining=False,
            stopped_at=None,
            doorbell=None,
        )
        with desk.database.write() as transaction:
            workers.register(transaction, worker, now)
    texts = [finding.text for finding in of(examine(home), "workers")]
    assert texts[0] == "1 running"
    assert any(text.startswith("w-silent has been silent for") for text in texts)
    assert "w-gone ended without saying so" in texts


def test_credentials_are_named_never_shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the names of variables appear; a provider without its key is a warning."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-value-0123456789")
    provider = '[providers.mine]\ntype = "openai"\nbase_url = "http://x"\nkey_variable = "MY_KEY"\n'
    configure(home, TOY + provider)
    findings = of(examine(home), "credentials")
    assert findings[0].text == "OPENAI_API_KEY (the environment)"
    assert findings[1].text == "MY_KEY is not set, and provider mine needs it"
    assert "very-secret" not in str(findings)


def test_a_stored_login_is_found(home: Home, clean_environment: Path) -> None:
    """Whose it is, is told; without it and without a token, how to log in."""
    configure(home)
    (none,) = of(examine(home), "credentials")
    assert (none.level, "no stored login" in none.text) == (Level.WARN, True)
    assert "copilot login" in (none.hint or "")
    (clean_environment / ".copilot").mkdir()
    stored = '{"lastLoggedInUser": {"host": "https://github.com", "login": "octocat"}}'
    (clean_environment / ".copilot" / "config.json").write_text(stored)
    found, link = of(examine(home), "credentials")
    assert (found.level, found.hint) == (Level.OK, None)
    assert found.text.startswith("Copilot has stored a login of octocat;")
    assert link.text == "copilot uses the login that Copilot has stored"


def test_which_link_of_the_chain_counts_is_told(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token of home's `.env` is found there; one of the environment goes before it."""
    configure(home)
    home.variables.write_text("GITHUB_TOKEN=very-secret\n")
    home.variables.chmod(0o600)
    present, link = of(examine(home), "credentials")
    assert present.text == f"GITHUB_TOKEN ({home.variables})"
    assert link.text == "copilot uses token in GITHUB_TOKEN"
    monkeypatch.setenv("GH_TOKEN", "very-secret")
    assert of(examine(home), "credentials")[1].text == "copilot uses token in GH_TOKEN"
    assert "very-secret" not in str(examine(home))
    home.variables.chmod(0o640)
    (refused,) = of(examine(home), "credentials")
    assert (refused.level, refused.hint) == (Level.FAIL, f"chmod 600 {home.variables}")


def test_a_desk_opens_where_none_was(home: Home) -> None:
    """The home is made for its owner only."""
    with open_desk(home):
        assert home.path.stat().st_mode & 0o777 == 0o700
        assert home.database.stat().st_mode & 0o777 == 0o600


def test_a_hook_that_can_not_be_called_is_a_finding(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker would not start with it."""
    configure(home, TOY + '[[hooks]]\non = ["prompt"]\nurl = "http://127.0.0.1:1/"\n')
    assert all(finding.level is not Level.FAIL for finding in of(examine(home), "settings"))
    monkeypatch.setitem(sys.modules, "httpx", None)
    (found,) = (one for one in of(examine(home), "settings") if one.level is Level.FAIL)
    assert (found.text, found.hint) == (
        "hook 'hook-1': an address needs httpx",
        "pip install 'deputize[notify]'",
    )
