"""Agents that fail, misbehave or attack: each ends as it should, and harms nobody."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.fixtures.house import LAND

if TYPE_CHECKING:
    from tests.fixtures.house import House

DAEMON = "setsid sleep 1000 >/dev/null 2>&1 </dev/null &"
BY = "-c user.name=Mallory -c user.email=m@example.org"
FORGETFUL = f"env -i PATH=$PATH {DAEMON}"


@pytest.fixture(params=["sandboxed", "contained", "uncontained"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give a PATH with what shuts programs in, one with what makes namespaces, one with neither."""
    if request.param == "sandboxed":
        return os.environ["PATH"]
    missing = {"bwrap"} | ({"unshare"} if request.param == "uncontained" else set())
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in os.scandir(name) if Path(name).is_dir() else ():
            if program.name not in missing:
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program.path)
    return str(folder)


def test_a_missing_agent_says_what_to_do(house: House) -> None:
    """Where the agent's program isn't there, the task fails at once and names it."""
    house.configure(LAND + "[agents.gone]\nkind = 'command'\ncommand = ['no-such-program']\n")
    task = house.add("x", "--agent", "gone")
    house.up()
    document = house.until(task)
    assert document["error"]["reason"] == "agent_missing"
    assert "no-such-program" in document["error"]["message"]
    assert len(document["attempts"]) == 1


def test_an_unset_key_says_what_to_do(house: House) -> None:
    """Where a provider's key is not set, the task fails at once as auth_failed, and names it."""
    provider = "type = 'openai'\nbase_url = 'http://127.0.0.1:9'\nkey_variable = 'NO_SUCH_KEY'\n"
    house.configure(LAND + f"[providers.p]\n{provider}")
    task = house.add("echo a > a", "--provider", "p")
    house.up()
    document = house.until(task)
    assert document["error"]["reason"] == "auth_failed"
    assert "NO_SUCH_KEY" in document["error"]["message"]
    assert len(document["attempts"]) == 1


def test_success_without_a_change_is_none(house: House) -> None:
    """An agent that says it is done and has done nothing has failed, with its own words told."""
    task = house.add("echo All done, everything works")
    house.up()
    error = house.until(task)["error"]
    assert error["reason"] == "no_change"
    assert "All done, everything works" in error["message"]


def test_a_dirty_tree_is_committed_as_its_work(house: House) -> None:
    """What an agent leaves uncommitted, half of it staged, lands; and the log says so."""
    task = house.add("echo 1 > one; git add one; echo 2 > two; rm README.md")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("main") == ["one", "two"]
    assert "uncommitted work was committed as the agent's" in house.log(task)


def test_a_hundred_megabytes_of_output(house: House) -> None:
    """An agent that floods both outputs ends as usual; its log stays small."""
    flood = "head -c 50000000 /dev/zero | tr '\\0' 'x' | fold -w 1000"
    task = house.add(f"{flood}; {flood} >&2; echo a > a; echo the end")
    house.up()
    document = house.until(task)
    assert document["state"] == "done"
    assert document["result"].endswith("the end")
    assert (house.home.logs / "attempts" / "1-1.log").stat().st_size < 25 << 20


def test_a_flood_without_a_line_end(house: House) -> None:
    """Megabytes in a single line, with bytes that are no text, do no harm either."""
    task = house.add("head -c 30000000 /dev/urandom | tr '\\n' ' '; echo a > a")
    house.up()
    assert house.until(task)["state"] == "done"


def test_an_agent_that_ignores_sigterm_is_ended(house: House) -> None:
    """Beyond its time limit an agent is ended, whether it wants or not, and so are its children."""
    task = house.add("trap '' TERM; sleep 1000 & while :; do sleep 1; done", "--timeout", "1")
    worker = house.up()
    error = house.until(task)["error"]
    assert (error["reason"], error["message"]) == ("time_limit", "it ran longer than 1 s")
    house.until_alone(worker)


def test_a_silent_agent_is_ended(house: House) -> None:
    """An agent that says nothing for its idle timeout is ended; what it had written is kept."""
    task = house.add("echo half > half.txt; sleep 1000", "--idle-timeout", "1")
    worker = house.up()
    document = house.until(task)
    assert document["error"]["reason"] == "idle_timeout"
    house.until_alone(worker)
    assert house.mirror().content("refs/deputize/1/1", "half.txt") == "half"


def test_a_talking_agent_is_not_idle(house: House) -> None:
    """An agent that floods its output for longer than its idle timeout is at work all the while."""
    script = "head -c 17000000 /dev/zero; for i in $(seq 20); do echo .; sleep 0.1; done"
    task = house.add(f"{script}; echo a > a", "--idle-timeout", "1")
    house.up()
    assert house.until(task)["state"] == "done"


@pytest.mark.parametrize("daemon", [DAEMON, FORGETFUL], ids=["setsid", "forgetful"])
def test_a_daemon_does_not_outlive_its_attempt(house: House, path: str, daemon: str) -> None:
    """What an agent leaves running in a session of its own is ended with the attempt."""
    task = house.add(f"{daemon} echo a > a")
    worker = house.up(path=path)
    assert house.until(task)["state"] == "done"
    house.until_alone(worker)


def test_an_agent_that_deletes_its_git(house: House) -> None:
    """Without its `.git`, what the agent left in the tree still lands."""
    task = house.add("rm -rf .git; echo a > a")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("main") == ["README.md", "a"]


def test_an_agent_that_makes_its_own_git(house: House) -> None:
    """An agent that replaces `.git` by a repository of its own changes nothing but its files."""
    task = house.add("rm -rf .git; git init -q .; git add .; git commit -qm mine; echo a > a")
    house.up()
    assert house.until(task)["state"] == "done", house.log(task)
    assert house.repo.listing("main") == ["README.md", "a"]
    assert "mine" not in house.repo.git("log", "--format=%s").split("\n")
    assert "the agent replaced the workspace's .git" in house.log(task)


def test_an_agent_that_deletes_its_workspace(house: House) -> None:
    """An agent that removes the folder it works in has changed nothing, and is cleared away."""
    task = house.add("rm -rf $PWD || :")
    house.up()
    assert house.until(task)["error"]["reason"] == "no_change"
    assert house.repo.listing("main") == ["README.md"]
    house.until_cleared()


def test_a_removed_workspace_is_told(house: House) -> None:
    """What is missing is called by its name, and what had been committed counts."""
    gone = house.add("rm -rf $PWD 2>/dev/null; echo tidy")
    kept = house.add(f"date > a; git add a; git {BY} commit -qm a; rm -rf $PWD || :")
    house.up()
    message = house.until(gone)["error"]["message"]
    assert message == (
        "the agent ended with its workspace removed, and had committed nothing; it said: tidy"
    )
    assert house.until(kept)["state"] == "done"
    for task in (gone, kept):
        said = house.log(task)
        assert "the agent removed its workspace: only what it had committed is left" in said
        assert "left out" not in said
        assert "replaced the workspace's .git" not in said


@pytest.mark.parametrize(
    "move",
    [
        "git checkout -q -b elsewhere; echo a > a; git add a; git commit -qm a",
        "git reset -q --hard HEAD~1; echo a > a",
        "git checkout -q --orphan new; git rm -qrf .; echo a > a; git add a; git commit -qm a",
        "echo a > a; git add a; git commit -qm a; git checkout -q HEAD~1; echo a > a",
    ],
    ids=["branch", "reset", "orphan", "detached"],
)
def test_an_agent_that_moves_head(house: House, move: str) -> None:
    """Wherever the agent's HEAD ends, its change is the final tree against its base."""
    house.repo.commit(second__txt="second\n")
    task = house.add(f"{move}; cp a kept")
    house.up()
    assert house.until(task)["state"] == "done"
    assert {"a", "kept"} <= set(house.repo.listing("main"))
    assert house.repo.git("symbolic-ref", "HEAD") == "refs/heads/main"
    assert house.repo.git("status", "--porcelain") == ""


def test_a_symbolic_link_out_of_the_tree_asks(house: House) -> None:
    """A link is committed as a link, never followed, and a person is asked about it."""
    secret = house.folder / "secret"
    secret.mkdir()
    (secret / "key").write_text("private\n")
    task = house.add(f"ln -s {secret} out; echo planted > out/planted; ln -s {secret}/key key")
    house.up()
    assert "symbolic links: key, out" in house.until_waiting(task, "a1")
    house.cli("approve", "a1")
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("main") == ["README.md", "key", "out"]
    assert house.repo.content("main", "key") == f"{secret}/key"
    assert house.repo.git("ls-tree", "main", "key").startswith("120000")


def test_an_inner_repository_is_left_out(house: House) -> None:
    """A repository that the agent makes inside is not part of the change; its folder is kept."""
    task = house.add("git init -q inner; echo i > inner/i; echo a > a")
    house.up()
    assert house.until(task)["state"] == "done"
    assert house.repo.listing("main") == ["README.md", "a"]
    assert "left out: inner" in house.log(task)
    (kept,) = house.home.workspaces.glob("*/1-1/inner/i")
    assert kept.read_text() == "i\n"


def test_an_agent_killed_by_a_signal_is_tried_again(house: House) -> None:
    """A crash is retried after a pause, and the third time as it should is enough."""
    task = house.add("kill -9 $$")
    house.up()
    line = house.until_waiting(task, "its next try")
    document = house.look(task)
    assert line.startswith("its next try at ")
    (attempt,) = document["attempts"]
    assert (attempt["outcome"], attempt["exit_code"]) == ("agent_crashed", 137)
    (told,) = house.rows(
        "SELECT body FROM events WHERE kind = 'task.queued' AND body LIKE '%after%'"
    )
    assert "try 2 of 3" in told[0]


def test_a_failing_agent_is_tried_as_often_as_asked(house: House) -> None:
    """An agent's own failure is final, unless `--attempts` grants it more tries."""
    once = house.add("exit 7")
    granted = house.add("exit 7", "--attempts", "2")
    house.up()
    document = house.until(once)
    assert (document["error"]["reason"], len(document["attempts"])) == ("agent_error", 1)
    house.until_waiting(granted, "its next try")
    assert house.look(granted)["attempts"][0]["exit_code"] == 7


def test_an_agent_sees_nothing_of_the_users(house: House) -> None:
    """The agent's environment has what it needs and no secret, nor the way to deputize's home."""
    house.environment |= {"OPENAI_API_KEY": "sk-secret", "AWS_SECRET_ACCESS_KEY": "s"}
    task = house.add("env | cut -d= -f1", "--role", "inspector")
    house.up()
    names = set(house.until(task)["result"].split())
    assert {"PATH", "HOME", "DEPUTIZE_TASK"} <= names
    assert not names & {"OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "DEPUTIZE_HOME"}
