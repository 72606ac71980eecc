"""The door in: what is stored of what was asked for, and what is refused in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.errors import ConfigError, GitError, InvalidInput
from deputize.intake.place import Places
from deputize.model.states import TaskState
from deputize.model.task import PROMPT_BYTES, Place, TaskSpec
from deputize.store import journal, meta, tasks, trust
from tests.fixtures.doors import ADA, OURS
from tests.fixtures.nouns import NOON
from tests.fixtures.repositories import make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.doors import Door


def test_a_task_is_stored_as_it_was_asked_for(door: Door) -> None:
    """Every field, the repository it is for, and the event that tells it."""
    later = NOON + timedelta(hours=1)
    task = door.submit(
        "Fix it\nwell", title="Mend", role="reviewer", kind="bugfix", priority=2, scope=("src",),
        agent="copilot", model="m", provider="local", checks=("tests",), timeout_seconds=60,
        idle_timeout_seconds=30, attempts=2, not_before=later, session="s", held=True,
        labels=("x",), origin="mcp",
    )  # fmt: skip
    with door.database.read() as transaction:
        assert tasks.get(transaction, task.id) == task
        (event,) = journal.of_task(transaction, task.id)
    assert (task.title, task.prompt, task.role, task.kind) == (
        "Mend",
        "Fix it\nwell",
        "reviewer",
        "bugfix",
    )
    assert (task.priority, task.scope, task.agent, task.model) == (2, ("src",), "copilot", "m")
    assert (task.provider, task.checks, task.attempts) == ("local", ("tests",), 2)
    assert (task.timeout_seconds, task.idle_timeout_seconds) == (60, 30)
    assert (task.not_before, task.session, task.held) == (later, "s", True)
    assert (task.labels, task.origin, task.state) == (("x",), "mcp", TaskState.QUEUED)
    assert (task.repo, task.target) == (str(door.project.path), "main")
    assert (task.git_dir, task.base) == (str(door.project.git_dir), door.project.head())
    assert (event.kind, event.actor, event.body["title"]) == ("task.queued", ADA, "Mend")


def test_the_base_is_pinned_against_the_users_garbage_collection(door: Door) -> None:
    """The commit stays, though the branch moves away from it and is collected."""
    base = door.submit().base
    assert base is not None
    with door.database.read() as transaction:
        store = meta.store_name(transaction)
    assert door.traces()[2] == {f"refs/deputize/{store}/base/{base}": base}
    git = door.project.git
    git("reset", "--quiet", "--hard", "HEAD~1")
    git("reflog", "expire", "--expire=now", "--all")
    git("gc", "--quiet", "--prune=now")
    assert git("cat-file", "-t", base) == "commit"


def test_a_named_base_is_taken_where_it_is(door: Door) -> None:
    """A tag, an older commit; the target stays the branch."""
    door.project.git("tag", "v1", "HEAD~1")
    first = door.project.git("rev-parse", "v1")
    task = door.submit(base="v1")
    assert (task.base, task.target) == (first, "main")
    assert door.submit(base="main~1").base == first
    assert "no commit called 'v9'" in door.refused(base="v9").message
    assert "the base is not text" in door.refused(base="a\0b").message


def test_a_role_brings_its_agent_unless_another_is_named(door: Door) -> None:
    """Named before the role's, the role's before the default."""
    assert door.submit(role="reviewer").agent == "mine"
    assert door.submit(role="reviewer", agent="goose").agent == "goose"
    assert door.submit().agent == "copilot"


def test_a_scratch_task_needs_no_repository(door: Door) -> None:
    """And has none: what only a repository has is refused."""
    task = door.submit(place=Place.SCRATCH)
    assert (task.repo, task.git_dir, task.base, task.target) == (None, None, None, None)
    assert door.traces()[2] == {}
    for field in ({"base": "main"}, {"target": "main"}, {"checks": ("tests",)}):
        assert "no repository" in door.refused(place=Place.SCRATCH, **field).message


def test_escape_sequences_stay_in_the_prompt_and_out_of_the_title(door: Door) -> None:
    """The agent gets what was written; a terminal never does."""
    prompt = "\x1b]0;evil\x07\x1b[31mFix\u202e it\r\nand more \x9b2J"
    task = door.submit(prompt)
    assert task.prompt == prompt
    assert task.title.isprintable()
    assert "Fix" in task.title


def test_a_prompt_may_be_as_long_as_a_mebibyte(door: Door) -> None:
    """In bytes of UTF-8, to the last one."""
    longest = "é" * (PROMPT_BYTES // 2)
    assert door.submit(longest).prompt == longest
    error = door.refused(longest + "x")
    assert f"has {PROMPT_BYTES + 1} bytes, the most is {PROMPT_BYTES}" in error.message
    assert error.hint


BAD = (
    ({"prompt": ""}, "the prompt is empty"),
    ({"prompt": " \n\t "}, "the prompt is empty"),
    ({"prompt": "a\0b"}, "NUL byte at position 1"),
    ({"prompt": "caf\udce9"}, "not valid UTF-8"),
    ({"title": "caf\udce9"}, "the title is not text"),
    ({"role": "wirter"}, "unknown role 'wirter'"),
    ({"kind": "chore"}, "must be one of feature, bugfix, refactor, docs, not 'chore'"),
    ({"agent": "copilto"}, "unknown agent 'copilto'"),
    ({"agent": "mine", "role": "tester"}, "agent mine does not take the role tester"),
    ({"provider": "cloud"}, "unknown provider 'cloud'"),
    ({"checks": ("tests", "lint")}, "unknown check 'lint'"),
    ({"priority": 0}, "the priority must be between 1 and 10, not 0"),
    ({"priority": 11}, "between 1 and 10, not 11"),
    ({"attempts": 0}, "the attempts must be between 1 and 100, not 0"),
    ({"attempts": 101}, "between 1 and 100, not 101"),
    ({"timeout_seconds": 0}, "the timeout must be between"),
    ({"idle_timeout_seconds": 31 * 86400}, "the idle timeout must be between"),
    ({"key": ""}, "the key takes 1 to 200"),
    ({"key": "k" * 201}, "the key takes 1 to 200"),
    ({"key": "caf\udce9"}, "the key is not text"),
    ({"model": "a\0b"}, "the model is not text"),
    ({"session": "\udc80"}, "the session is not text"),
    ({"labels": ("ok", "\0")}, "is not text"),
    ({"scope": ("/etc",)}, "must be a path inside the repository"),
    ({"scope": ("src", "src/../../x")}, "'src/../../x' must be a path inside"),
    ({"scope": ("",)}, "must be a path inside the repository"),
    ({"scope": ("a\0b",)}, "is not text"),
    ({"scope": ("caf\udce9",)}, "is not text"),
    ({"base": "main", "needs": (1,)}, "can't have a base of its own"),
    ({"target": "nowhere"}, "no branch called nowhere"),
    ({"target": "a..b"}, "not a branch name"),
    ({"repo": "/no/such/folder"}, "no such folder"),
    ({"repo": "a\0b"}, "the repo is not text"),
)


def test_bad_input_is_refused_in_words_and_leaves_no_trace(door: Door) -> None:
    """Which field, and what is wrong with it; nothing is stored, told or pinned."""
    for asked, problem in BAD:
        error = door.refused(**asked)
        assert isinstance(error, InvalidInput), asked
        assert problem in error.message
        assert "\n" not in error.message
        assert error.hint, asked


NEAREST = (
    ({"role": "wirter"}, "did you mean writer?"),
    ({"agent": "copilto"}, "did you mean copilot?"),
    (
        {"agent": "zzz"},
        "known: aider, claude, codex, copilot, gemini, goose, mine, mini-swe-agent, opencode",
    ),
    ({"checks": ("test",)}, "did you mean tests?"),
    ({"agent": "mine", "role": "tester"}, "its roles: writer, reviewer"),
)


def test_an_unknown_name_is_answered_with_the_nearest(door: Door) -> None:
    """Or with all there are, where none is near."""
    for asked, hint in NEAREST:
        assert door.refused(**asked).hint == hint


def test_where_there_is_nothing_to_work_on_it_is_said_what_to_do(
    door: Door, tmp_path: Path
) -> None:
    """No repository, no commit, no branch, no checkout: each in words, with a hint."""
    plain, empty, bare = tmp_path / "plain", tmp_path / "empty", tmp_path / "bare"
    plain.mkdir()
    make_repository(empty)
    make_repository(bare, bare=True)
    for folder, problem in (
        (plain, "not inside a git repository"),
        (empty, "no commits yet"),
        (bare, "no commits yet"),
        (door.project.path / "README.md", "no such folder"),
        (door.project.path / ".git", "inside a git directory"),
    ):
        error = door.refused(repo=str(folder))
        assert problem in error.message
        assert error.hint
    door.project.git("switch", "--quiet", "--detach")
    error = door.refused()
    assert "HEAD is detached" in error.message
    assert error.hint == "--target main"
    assert door.submit(target="main").target == "main"


def test_a_bare_repository_can_be_worked_on_but_not_in_place(door: Door, tmp_path: Path) -> None:
    """It has a branch and commits, but no checkout."""
    bare = tmp_path / "project.git"
    door.project.git("clone", "--quiet", "--bare", ".", str(bare))
    task = door.submit(repo=str(bare))
    assert (task.repo, task.git_dir) == (str(bare), str(bare))
    error = door.refused(repo=str(bare), place=Place.IN_PLACE)
    assert "no checkout to work in" in error.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[checks.tests]\ncomand = 'x'", "deputize.toml (main): unknown key `checks.tests.comand`"),
        ("landing.mode = 'fast'", "deputize.toml (main): `landing.mode` must be"),
        ("[worker]\nslots = 99", "deputize.toml (main): a repository may not set `worker`"),
        ("[checks", "deputize.toml (main): not valid TOML"),
        ("a = " + "[" * 50_000, "deputize.toml (main): not valid TOML"),
    ],
)
def test_a_repositorys_wrong_settings_are_named_and_nothing_is_stored(
    door: Door, text: str, problem: str
) -> None:
    """File, branch and key: an error of configuration, not of the command line."""
    door.project.commit(deputize__toml=text)
    error = door.refused()
    assert isinstance(error, ConfigError)
    assert problem in error.message


def test_settings_are_read_from_the_targets_tip_and_nowhere_else(door: Door) -> None:
    """Neither what is uncommitted nor what another branch says counts."""
    door.project.git("branch", "plain", "HEAD~1")
    (door.project.path / "deputize.toml").write_text("[broken")
    assert door.submit(checks=("tests",)).checks == ("tests",)
    assert "unknown check" in door.refused(checks=("tests",), target="plain").message


def test_whether_the_repositorys_commands_are_trusted_is_said(door: Door) -> None:
    """Until a person trusts exactly these; without commands there is nothing to trust."""
    spec = TaskSpec(prompt="x", repo=str(door.project.path))
    assert door.answer(spec).untrusted
    wishes = Places(door.home).find(spec).wishes
    with door.database.write() as transaction:
        git_dir = str(door.project.git_dir)
        trust.trust(transaction, git_dir, wishes.digest, by=ADA, now=NOON)
    assert not door.answer(spec).untrusted
    door.project.commit(deputize__toml=OURS.replace("make test", "make tests"))
    assert door.answer(spec).untrusted
    door.project.git("rm", "--quiet", "deputize.toml")
    door.project.git("commit", "--quiet", "--message", "none")
    assert not door.answer(spec).untrusted


def test_a_repository_that_can_not_be_pinned_in_leaves_nothing_stored(door: Door) -> None:
    """A task whose base could be collected is not taken."""
    blocker = door.project.git_dir / "refs" / "deputize"
    blocker.write_text("in the way\n")
    assert isinstance(door.refused(), GitError)
