"""`deputize add`: what it takes, what it says, what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fixtures.repositories import make_repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine

TASK_FIELDS = """
    id title prompt role kind state held waiting_for priority repo base target scope agent model
    provider needs attempts change approvals created_at started_at finished_at result error labels
    plan origin output commands
"""


def test_a_task_is_stored_and_named(deputize: CommandLine, project: Folder) -> None:
    """Stdout names the task in one line, and it is there afterwards with its base pinned."""
    said = deputize("add", "Fix the typo\nin the readme", "--no-start")
    assert (said.code, said.out, said.err) == (0, "#1 queued: Fix the typo\n", "")
    task = deputize("show", "1", "--json").document
    assert task["prompt"] == "Fix the typo\nin the readme"
    assert (task["base"], task["target"]) == (project.head(), "main")


def test_quiet_prints_the_number_alone(deputize: CommandLine, project: Folder) -> None:
    """With -q a script gets a number and no narration."""
    project.write("new.txt")
    said = deputize("add", "x", "--no-start", "-q")
    assert (said.code, said.out, said.err) == (0, "1\n", "")


def test_json_has_the_promised_fields(deputize: CommandLine) -> None:
    """The document has exactly the fields that programs rely on."""
    said = deputize("add", "x", "--no-start", "--json", "--priority", "2", "--scope", "src")
    task = said.document
    assert list(task) == TASK_FIELDS.split()
    assert (task["id"], task["state"], task["priority"], task["scope"]) == (1, "queued", 2, ["src"])
    assert "none running" in task["waiting_for"]
    assert said.err == ""


def test_the_prompt_comes_from_stdin_or_a_file(deputize: CommandLine, tmp_path: Path) -> None:
    """A dash reads stdin, --file a file; a byte order mark is no part of it."""
    file = tmp_path / "prompt.md"
    file.write_bytes(b"\xef\xbb\xbffrom a file\n")
    assert deputize("add", "-", "--no-start", stdin=b"from stdin").out == "#1 queued: from stdin\n"
    assert deputize("add", "-F", str(file), "--no-start").out == "#2 queued: from a file\n"
    assert deputize("show", "2", "--json").document["prompt"] == "from a file\n"


@pytest.mark.parametrize(
    ("words", "stdin", "message"),
    [
        ((), b"", "there is no prompt"),
        (("  ",), b"", "the prompt is empty"),
        (("-",), b"a\0b", "NUL"),
        (("-",), b"a\xff", "not valid UTF-8 at byte 1"),
        (("-",), b"x" * (1 << 20) + b"y", "longer than a prompt may be"),
        (("fix", "the", "typo"), b"", 'put it in quotes: "fix the typo"'),
        (("--file", "nowhere", "x"), b"", "given twice"),
        (("--file", "nowhere"), b"", "cannot read nowhere: No such file"),
        (("x", "--role", "writr"), b"", "did you mean writer?"),
        (("x", "--agent", "copilt"), b"", "did you mean copilot?"),
        (("x", "--priority", "11"), b"", "the priority must be between 1 and 10, not 11"),
        (("x", "--priority", "high"), b"", "'high' is not a whole number from 1"),
        (("x", "--timeout", "soon"), b"", "not a duration such as 90, 10m or 2h"),
        (("x", "--not-before", "noon"), b"", "not a moment such as"),
        (("x", "--after", "99"), b"", "there is no task #99"),
        (("x", "--after", "one"), b"", "'one' is not a task id"),
        (("x", "--after", "1:start"), b"", "'start' is nothing to wait for: done, end, landed"),
        (("x", "--scratch", "--repo", "."), b"", "a scratch task has no repository"),
        (("x", "--scope", "../up"), b"", "inside the repository"),
        (("x", "--target", "nope"), b"", "no branch called nope"),
        (("x", "--timout", "5"), b"", "did you mean `--timeout`?"),
        (("x", "--scratch", "--in-place"), b"", "not allowed with"),
        (("x", "--check", "tests"), b"", "unknown check 'tests'"),
    ],
)
def test_bad_input_is_refused(
    deputize: CommandLine, words: tuple[str, ...], stdin: bytes, message: str
) -> None:
    """Exit 2, nothing on stdout, the reason and a hint on stderr, nothing stored."""
    said = deputize("add", "--no-start", *words, stdin=stdin)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: ")
    assert message in said.err
    assert deputize("list", "--all", "--json").document == []


def test_a_prompt_of_a_mebibyte_is_taken(deputize: CommandLine) -> None:
    """The longest prompt that may be is stored whole."""
    prompt = b"x" * (1 << 20)
    assert deputize("add", "-", "--no-start", stdin=prompt).code == 0
    assert len(deputize("show", "1", "--json").document["prompt"]) == 1 << 20


def test_outside_a_repository_a_hint_says_what_to_do(deputize: CommandLine, tmp_path: Path) -> None:
    """Without a repository it is exit 2, and --scratch works."""
    folder = tmp_path / "plain"
    folder.mkdir()
    said = deputize("add", "x", "--no-start", folder=folder)
    assert said.code == 2
    assert "not inside a git repository" in said.err
    assert "hint: " in said.err
    scratch = deputize("add", "x", "--no-start", "--scratch", "--json", folder=folder)
    assert scratch.document["repo"] is None


def test_a_repository_without_commits_is_refused(deputize: CommandLine, tmp_path: Path) -> None:
    """There is nothing to start from."""
    empty = make_repository(tmp_path / "empty")
    said = deputize("add", "x", "--no-start", folder=empty.path)
    assert said.code == 2
    assert "no commits" in said.err


def test_a_detached_head_needs_a_target(deputize: CommandLine, project: Folder) -> None:
    """Without a branch the hint names --target, and with it the task is taken."""
    project.git("checkout", "--quiet", "--detach")
    said = deputize("add", "x", "--no-start")
    assert said.code == 2
    assert "hint: --target main" in said.err
    assert deputize("add", "x", "--no-start", "--target", "main").code == 0


def test_uncommitted_files_are_counted(deputize: CommandLine, project: Folder) -> None:
    """Stderr says how many files the task starts without."""
    project.write("one.txt")
    said = deputize("add", "x", "--no-start")
    assert said.err == "note: 1 file is not committed; the task starts without it\n"
    project.write("a.py", "changed\n")
    said = deputize("add", "x", "--no-start")
    assert said.err == "note: 2 files are not committed; the task starts without them\n"
    assert deputize("add", "x", "--no-start", "--scratch").err == ""


def test_untrusted_commands_are_said_so(deputize: CommandLine, project: Folder) -> None:
    """A repository whose commands nobody has trusted warns, with the verb that shows them."""
    project.commit(deputize__toml='[checks.tests]\ncommand = "true"\n')
    said = deputize("add", "x", "--no-start")
    assert "nobody has trusted" in said.err
    assert "hint: `deputize trust`" in said.err


def test_a_key_adds_only_once(deputize: CommandLine) -> None:
    """The same key with the same content gives the same task; with other content it is refused."""
    assert deputize.add("x", "--key", "k") == 1
    assert deputize.add("x", "--key", "k") == 1
    said = deputize("add", "y", "--no-start", "--key", "k")
    assert said.code == 2
    assert "belongs to #1" in said.err


def test_a_task_waits_for_its_needs(deputize: CommandLine) -> None:
    """--after takes several ids, with and without the mark."""
    deputize.add()
    deputize.add()
    said = deputize("add", "x", "--no-start", "--after", "1,#2", "--json")
    assert said.document["needs"] == [{"id": 1, "on": "done"}, {"id": 2, "on": "done"}]
    assert (said.document["state"], said.document["waiting_for"]) == ("blocked", "needs #1, #2")
    said = deputize("add", "x", "--no-start", "--after", "1:end,2:landed", "--after", "3", "--json")
    ways = [(need["id"], need["on"]) for need in said.document["needs"]]
    assert ways == [(1, "end"), (2, "landed"), (3, "done")]


def test_nothing_from_outside_reaches_the_terminal_raw(deputize: CommandLine) -> None:
    """Escape sequences of a prompt are shown, never sent, by any verb that prints it."""
    hostile = "\x1b]0;owned\x07\x1b[2Jhello\u202eevil"
    printed = [deputize("add", hostile, "--no-start"), deputize("show", "1"), deputize("status")]
    printed += [deputize("list"), deputize("audit"), deputize("show", "1", "--json")]
    for said in printed:
        assert said.code == 0
        assert not set("\x1b\x07\u202e").intersection(said.out + said.err)
    assert deputize("show", "1", "--json").document["prompt"] == hostile


def test_a_task_is_stored_though_nobody_reads(deputize: CommandLine) -> None:
    """A closed pipe ends the command quietly, after the task was stored."""
    process = deputize.start("add", "x", "--no-start")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(30) == 141
    assert [task["id"] for task in deputize("list", "--json").document] == [1]


def test_a_home_that_cant_be_written_is_the_stores_fault(
    deputize: CommandLine, tmp_path: Path
) -> None:
    """Exit 5 with the folder and a way out."""
    (tmp_path / "file").write_text("")
    said = deputize("add", "x", "--no-start", DEPUTIZE_HOME=str(tmp_path / "file" / "home"))
    assert said.code == 5
    assert "cannot make" in said.err
    assert "DEPUTIZE_HOME" in said.err


def test_a_wrong_setting_is_named(deputize: CommandLine, project: Folder) -> None:
    """Unknown keys are exit 3 with file, key and the nearest known key, in home and repository."""
    deputize.configure("defalt_agent = 'x'\n")
    said = deputize("add", "x", "--no-start")
    assert said.code == 3
    assert "config.toml: unknown key `defalt_agent`" in said.err
    assert "did you mean `default_agent`?" in said.err
    deputize.configure("")
    project.commit(deputize__toml="[landing]\nmode = 5\n")
    said = deputize("add", "x", "--no-start")
    assert (said.code, "deputize.toml (main): `landing.mode`" in said.err) == (3, True)


def test_who_named_an_unknown_agent_is_told(deputize: CommandLine) -> None:
    """The variable, the role's table or the file: where the wrong name stands."""
    named = deputize("add", "x", DEPUTIZE_DEFAULT_AGENT="nobody")
    assert (named.code, "variable DEPUTIZE_DEFAULT_AGENT names the unknown" in named.err) == (
        3,
        True,
    )
    deputize.configure('[roles.writer]\nagent = "nobody"\n')
    assert "[roles.writer] of config.toml names the unknown agent" in deputize("add", "x").err
    deputize.configure('default_agent = "nobody"\n')
    assert "error: config.toml names the unknown agent 'nobody'" in deputize("add", "x").err


def test_an_agent_that_we_describe_needs_no_settings(deputize: CommandLine) -> None:
    """Its sessions, and its roles where somebody sets them, are known."""
    assert deputize("add", "x", "--no-start", "--agent", "aider").code == 0
    assert deputize("add", "x", "--no-start", "--agent", "gemini", "--session", "s").code == 0
    refused = deputize("add", "x", "--no-start", "--agent", "aider", "--session", "s")
    assert (refused.code, "aider has no sessions" in refused.err) == (2, True)


def test_an_agent_without_its_provider_is_refused(deputize: CommandLine) -> None:
    """A provider that nobody configured would only fail later."""
    deputize.configure('[agents.toy]\ncommand = ["true"]\nprovider = "far"\n')
    said = deputize("add", "x", "--agent", "toy")
    assert said.code == 3
    assert "[agents.toy] of config.toml names the unknown provider 'far'" in said.err
