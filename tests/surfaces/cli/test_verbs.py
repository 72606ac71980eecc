"""The verbs that move and show tasks, as a person types them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deputize.surfaces.cli.catalogue import VERBS
from deputize.surfaces.cli.parser import all_parsers

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine


def test_nothing_at_all_prints_help(deputize: CommandLine) -> None:
    """`deputize`, `--help` and `help` list every verb."""
    for words in ((), ("--help",), ("help",)):
        said = deputize(*words)
        assert (said.code, said.err) == (0, "")
        for verb in VERBS:
            assert f"\n  {verb} " in said.out


def test_every_verb_explains_itself(deputize: CommandLine) -> None:
    """`--help` of each verb has a usage line and examples, and `help VERB` is the same."""
    for verb in VERBS:
        said = deputize(*verb.split(), "--help")
        assert said.code == 0, said.err
        assert said.out.startswith(f"usage: deputize {verb}")
        assert f"deputize {verb.split()[0]}" in said.out.partition("examples:")[2]
    assert deputize("help", "add").out == deputize("add", "-h").out


def test_every_verb_that_reads_or_creates_has_json() -> None:
    """The others go on until they are stopped, or write for a person or a shell."""
    without = {
        verb
        for verb, parser in all_parsers().items()
        if "--json" not in parser._option_string_actions
    }
    assert without == {"demo", "completion"}


def test_the_version_is_told(deputize: CommandLine) -> None:
    """`--version` prints name and number."""
    assert re.fullmatch(r"deputize \d+\.\d+\.\d+\n", deputize("--version").out)


def test_list_shows_what_is_open(deputize: CommandLine) -> None:
    """Open tasks are listed with the reason why they don't move; --all lists the others too."""
    assert deputize("list").err.startswith("nothing is open")
    deputize.add("first thing")
    deputize.add("second thing", "--hold")
    deputize("cancel", "1")
    header, *rows = deputize("list").out.splitlines()
    assert header.split() == ["ID", "STATE", "ROLE", "AGENT", "AGE", "TITLE", "WHY"]
    assert len(rows) == 1
    assert "a person: it is held (`deputize release 2`)" in rows[0]
    assert [task["id"] for task in deputize("list", "--all", "--json").document] == [2, 1]
    assert [task["id"] for task in deputize("list", "--since", "1h", "--json").document] == [2, 1]
    failed = deputize("list", "--state", "cancelled", "--json").document
    assert [task["id"] for task in failed] == [1]
    assert deputize("list", "--role", "tester", "--json").document == []
    assert len(deputize("list", "--all", "--limit", "1", "--json").document) == 1


def test_hold_and_release(deputize: CommandLine) -> None:
    """A held task says so, and a released one no more."""
    deputize.add()
    assert deputize("hold", "#1").out == "#1 queued: do it (held)\n"
    assert deputize("show", "1", "--json").document["held"] is True
    assert deputize("release", "--latest").out == "#1 queued: do it\n"
    assert deputize("show", "1", "--json").document["held"] is False


def test_cancel_and_retry(deputize: CommandLine) -> None:
    """Several tasks are moved at once; cancelling twice is no error; retry revives."""
    deputize.add()
    deputize.add()
    said = deputize("cancel", "1", "2", "1")
    assert said.out == "#1 cancelled: do it\n#2 cancelled: do it\n"
    assert deputize("cancel", "1").code == 0
    revived = deputize("retry", "1", "--json").document
    assert [(task["id"], task["state"]) for task in revived] == [(1, "queued")]
    refused = deputize("retry", "1")
    assert (refused.code, "hint: `deputize cancel 1` first" in refused.err) == (2, True)


def test_show_has_every_fact(deputize: CommandLine, project: Folder) -> None:
    """The page names where, who, why and the whole prompt, without the secrets in it."""
    prompt = "Fix it\nwith password=hunter2hunter2"
    deputize.add(prompt, "--scope", "src", "--priority", "3", "--not-before", "2h")
    page = deputize("show", "1").out
    assert page.startswith("#1 queued: Fix it\n")
    for fact in (str(project.path), project.head()[:12], "priority     3", "scope        src"):
        assert fact in page
    assert "its time: " in page
    assert "  with password=[redacted]" in page
    assert "hunter2" not in page + deputize("show", "1", "--json").out


def test_result_of_what_is_not_done(deputize: CommandLine) -> None:
    """A cancelled task has no answer: exit 1, and why."""
    deputize.add()
    deputize("cancel", "1")
    said = deputize("result", "1")
    assert (said.code, said.out) == (1, "")
    assert "#1 cancelled: do it" in said.err
    assert deputize("result", "1", "--json").document["error"]["reason"] == "cancelled"


def test_status_is_the_board(deputize: CommandLine) -> None:
    """It counts, says what each task waits for, and its JSON has five lists."""
    assert deputize("status").out == "nothing is open · no worker runs\n"
    deputize.add("first thing")
    deputize.add("second thing", "--after", "1")
    board = deputize("status").out
    assert board.startswith("1 queued, 1 blocked · no worker runs\n\nwaiting\n")
    assert "needs #1" in board
    document = deputize("status", "--json").document
    assert list(document) == ["workers", "tasks", "approvals", "closed", "running"]
    assert [task["id"] for task in document["tasks"]] == [1, 2]


def test_watching_ends_when_all_is_done(deputize: CommandLine) -> None:
    """`status --watch` draws again and returns once nothing is open."""
    deputize.add()
    process = deputize.start("status", "--watch", "1")
    assert process.stdout is not None
    assert process.stdout.readline().startswith(b"1 queued")
    deputize("cancel", "1")
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "nothing is open" in out.decode()
    assert err == b""


def test_trust_shows_before_it_asks(deputize: CommandLine, project: Folder) -> None:
    """Without a terminal it needs --yes; what is trusted stays so until a command changes."""
    assert "wants to run nothing" in deputize("trust").err
    project.commit(deputize__toml='[checks.tests]\ncommand = "make \\u001b[2Jtest"\n')
    asked = deputize("trust")
    assert asked.code == 2
    assert asked.out == "check tests: make \\x1b[2Jtest\n"
    assert "hint: `deputize trust --yes`" in asked.err
    assert deputize("trust", "--yes").err == "trusted: these commands may run\n"
    assert deputize("trust").err == "trusted already\n"
    assert "trusted" not in deputize("add", "x", "--no-start").err
    project.commit(deputize__toml='[checks.tests]\ncommand = "make more"\n')
    assert deputize("trust").code == 2


def test_audit_tells_what_happened(deputize: CommandLine) -> None:
    """Events come as text, as JSON and as lines; the chain is proved."""
    deputize.add("first thing")
    deputize.add("second thing")
    deputize("cancel", "1")
    lines = deputize("audit", "--task", "1").out.splitlines()
    assert [line.split()[3] for line in lines[1:]] == ["task.queued", "task.cancelled"]
    events = deputize("audit", "--events", "--json").document
    assert [event["kind"] for event in events] == ["task.queued", "task.queued", "task.cancelled"]
    assert len(deputize("audit", "--events", "--format", "jsonl").out.splitlines()) == 3
    assert deputize("audit", "--json").document == []
    assert deputize("audit", "--format", "md").out.startswith("# Audit trail")
    assert deputize("audit", "--task", "7").code == 2
    assert deputize("audit", "--events", "--limit", "2", "--json").document == events[-2:]
    assert deputize("audit", "--limit", "1").out.splitlines()[1:] == [lines[-1]]
    last = deputize("audit", "--events", "--limit", "1", "--task", "2", "--json").document
    assert last == [event for event in events if event["task"] == 2][-1:]
    assert deputize("audit", "--events", "--limit", "9", "--json").document == events
    assert deputize("audit", "--events", "--limit", "0").code == 2
    verified = deputize("audit", "verify", "--json").document
    assert (verified["ok"], verified["unsealed_count"]) == (True, 3)


def test_empty_listings_are_empty_lists(deputize: CommandLine) -> None:
    """Programs get an empty list, people a word on stderr."""
    for words in (("approvals",), ("workers",), ("changes", "list"), ("sessions", "list")):
        said = deputize(*words, "--json")
        assert (said.code, said.document, said.err) == (0, [], "")
        assert deputize(*words).out == ""


def test_agents_says_who_is_missing(deputize: CommandLine) -> None:
    """Each agent is ready with its program, or missing with a hint."""
    deputize.use_toy("true")
    agents = {agent["name"]: agent for agent in deputize("agents", "--json").document}
    assert agents["toy"]["default"] is True
    assert agents["toy"]["problem"] is None
    assert agents["goose"]["problem"]
    assert "toy (default)" in deputize("agents").out


def test_down_without_workers(deputize: CommandLine) -> None:
    """There is nobody to ask, and that is no error."""
    said = deputize("down", "--wait")
    assert (said.code, said.out, said.err) == (0, "", "no worker runs\n")


def test_a_backup_says_what_is_in_it(deputize: CommandLine) -> None:
    """As a line and as JSON; the file is refused a second time, and doctor knows of it."""
    deputize.add("first thing")
    file = deputize.folder / "copy.db"
    assert "chain unbroken" in deputize("store", "backup", str(file)).out
    refused = deputize("store", "backup", str(file))
    assert (refused.code, "overwrites nothing" in refused.err) == (2, True)
    other = deputize("store", "backup", str(file.with_name("other.db")), "--json").document
    assert list(other) == ["path", "size_bytes", "entry_count"]
    assert "the last is of today" in deputize("doctor").out
