"""Plans on the command line: submitted from a file, shown as a graph, moved as one."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

if TYPE_CHECKING:
    from tests.fixtures.repositories import Folder
    from tests.surfaces.cli.conftest import CommandLine, Said

ROOT = Path(__file__).resolve().parents[3]
SHIP: dict[str, Any] = {
    "title": "Ship it",
    "key": "ship",
    "defaults": {"priority": 3},
    "tasks": [
        {"name": "build", "prompt": "Build it"},
        {"name": "docs", "prompt": "Document it", "needs": ["build"]},
        {"name": "test", "prompt": "Test it", "role": "tester", "needs": ["build"]},
        {"prompt": "Report", "role": "inspector", "needs": ["docs", {"id": "test", "on": "end"}]},
    ],
}
PAGE = """\
p1 open: Ship it (3 blocked, 1 queued)
     ID  STATE    ROLE       NEEDS       UNBLOCKS  TITLE        WHY
●    #1  queued   writer     –           #2, #3    Build it     a person: it is held (`deputize
├─●  #2  blocked  writer     #1          #4        Document it  needs #1
● │  #3  blocked  tester     #1          #4        Test it      needs #1
●─╯  #4  blocked  inspector  #2, #3:end  –         Report       needs #2, #3
"""
CHART = """\
flowchart TD
    t1["#35;1 queued: Build it"]
    t2["#35;2 blocked: Document it"]
    t3["#35;3 blocked: Test it"]
    t4["#35;4 blocked: Report"]
    t1 --> t2
    t1 --> t3
    t2 --> t4
    t3 -->|"on end"| t4
"""


def run(deputize: CommandLine, plan: object, *words: str) -> Said:
    """Submit a plan on stdin; nobody starts its tasks."""
    return deputize("run", "-", "--no-start", *words, stdin=json.dumps(plan).encode())


def states(deputize: CommandLine, plan: int = 1) -> list[str]:
    """Return the states of a plan's tasks, in order."""
    shown = deputize("plan", "show", str(plan), "--json").document
    return [task["state"] for task in shown["tasks"]]


def test_a_plan_comes_from_a_file_and_is_named_with_its_tasks(
    deputize: CommandLine, tmp_path: Path
) -> None:
    """One line for the plan, one for each task, with the names that the file gave them."""
    file = tmp_path / "plan.json"
    file.write_text(json.dumps(SHIP))
    said = deputize("run", str(file), "--no-start")
    assert (said.code, said.err) == (0, "")
    head, titles, *rows = said.out.splitlines()
    assert head == "p1 queued: Ship it (4 tasks)"
    assert titles.split() == ["ID", "STATE", "ROLE", "AGENT", "NAME", "NEEDS", "TITLE"]
    assert rows[3].split() == [
        *("#4", "blocked", "inspector", "copilot", "–", "#2,", "#3:end", "Report")
    ]
    again = deputize("run", str(file), "--no-start", "-q")
    assert (again.code, again.out) == (0, "p1\n")


def test_json_has_plan_and_tasks(deputize: CommandLine, project: Folder) -> None:
    """Ids are integers, needs are as the task document has them, and nothing is on stderr."""
    said = run(deputize, SHIP, "--json")
    assert said.err == ""
    plan = said.document
    assert list(plan) == ["id", "title", "key", "origin", "created_at", "race", "created", "tasks"]
    assert (plan["id"], plan["title"], plan["key"], plan["origin"], plan["created"]) == (
        *(1, "Ship it", "ship", "file"),
        True,
    )
    assert [task["name"] for task in plan["tasks"]] == ["build", "docs", "test", None]
    assert plan["tasks"][3]["needs"] == [{"id": 2, "on": "done"}, {"id": 3, "on": "end"}]
    assert (plan["tasks"][0]["base"], plan["tasks"][1]["base"]) == (project.head(), None)
    task = deputize("show", "1", "--json").document
    assert (task["plan"], task["priority"]) == (1, 3)
    assert run(deputize, SHIP, "--json").document["created"] is False


def test_a_dry_run_says_what_would_be_and_stores_nothing(deputize: CommandLine) -> None:
    """With names where there are no ids yet."""
    said = run(deputize, SHIP, "--dry-run")
    assert said.out.startswith("would be queued: Ship it (4 tasks)\n")
    assert "docs, test:end" in said.out
    tried = run(deputize, SHIP, "--dry-run", "--json").document
    assert (tried["id"], tried["created"], tried["tasks"][0]["id"]) == (None, False, None)
    assert deputize("list", "--all", "--json").document == []
    refused = run(deputize, {"tasks": [{"prompt": "x", "role": "wirter"}]}, "--dry-run")
    assert refused.code == 2


@pytest.mark.parametrize(
    ("plan", "message", "hint"),
    [
        (
            {"tasks": [{"prompt": "x"}, {"name": "build", "prompt": "y", "timeout": "soon"}]},
            'tasks[1] (build).timeout: must be a duration such as 90, 10m or 2h, not "soon"',
            None,
        ),
        ({"tasks": [{"prompt": "x", "role": "wirter"}]}, "tasks[0].role: unknown role 'wirter'",
         "did you mean writer?"),
        ({"tasks": [{"prompt": "x", "scpoe": []}]}, "tasks[0].scpoe: unknown field",
         "did you mean `scope`?"),
        ({"tasks": [{"prompt": "x", "needs": [7]}]}, "tasks[0].needs: there is no task #7",
         "`deputize list --all` shows what there is"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_and_nothing_is_stored(
    deputize: CommandLine, plan: object, message: str, hint: str | None
) -> None:
    """Exit 2, with task and field, in words and as JSON."""
    said = run(deputize, plan)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: {message}\n")
    error = run(deputize, plan, "--json").error
    assert (error["message"], error["hint"]) == (message, hint)
    assert deputize("list", "--all", "--json").document == []


def test_a_plan_that_cant_be_read_is_told(deputize: CommandLine) -> None:
    """No file, no JSON: exit 2 and where."""
    assert "cannot read nowhere: No such file" in deputize("run", "nowhere").err
    said = deputize("run", "-", stdin=b'{"tasks": [}')
    assert (said.code, said.out) == (2, "")
    assert "stdin is not valid JSON at line 1, column 12" in said.err


def test_a_plan_is_shown_with_its_graph(deputize: CommandLine) -> None:
    """Each task after those that it needs; the same as JSON and as a chart."""
    run(deputize, SHIP)
    deputize("hold", "1")
    shown = deputize("plan", "show", "p1").out
    assert [line[:95].rstrip() for line in shown.splitlines()] == PAGE.splitlines()
    assert deputize("plan", "show", "1", "--format", "mermaid").out == CHART
    plan = deputize("plan", "show", "p1", "--json").document
    assert (plan["state"], plan["counts"]) == ("open", {"blocked": 3, "queued": 1})
    assert plan["tasks"][2]["unblocks"] == [{"id": 4, "on": "end"}]
    assert plan["tasks"][3]["waiting_for"] == "needs #2, #3"
    assert deputize("plan", "show", "p9").code == 2
    assert "not a plan (p3 or 3)" in deputize("plan", "show", "x").err


def test_titles_can_not_break_a_chart(deputize: CommandLine) -> None:
    """What means something to Mermaid or HTML is written as a number."""
    run(deputize, {"tasks": [{"prompt": "x", "title": '"]; click t1 "#<b>&`'}]})
    chart = deputize("plan", "show", "1", "--format", "mermaid").out
    assert 't1["#35;1 queued: #34;#93;; click t1 #34;#35;#60;b#62;#38;#96;"]' in chart


def test_a_task_says_what_it_belongs_to_and_unblocks(deputize: CommandLine) -> None:
    """On its page, with titles."""
    run(deputize, SHIP)
    page = deputize("show", "1").out
    assert "plan         p1: Ship it\n" in page
    assert "unblocks     #2 (Document it), #3 (Test it)\n" in page
    assert "needs        #2, #3:end\n" in deputize("show", "4").out


def test_listings_can_be_narrowed_to_a_plan(deputize: CommandLine) -> None:
    """Open tasks, or all; other plans' tasks and approvals are left out."""
    deputize.add()
    run(deputize, SHIP)
    deputize("cancel", "4")
    for words, ids in (
        (("list", "--plan", "p1"), [2, 3, 5]),
        (("list", "--plan", "1", "--all"), [5, 4, 3, 2]),
        (("list", "--plan", "1", "--state", "cancelled"), [4]),
        (("list", "--plan", "1", "--role", "writer"), [2, 3]),
    ):
        assert [task["id"] for task in deputize(*words, "--json").document] == ids, words
    board = deputize("status", "--plan", "p1", "--json").document
    assert [task["id"] for task in board["tasks"]] == [2, 3, 5]
    for verb in ("list", "status"):
        assert "there is no plan p7" in deputize(verb, "--plan", "7").err


def test_a_plan_is_moved_as_one(deputize: CommandLine) -> None:
    """Held, let go on and cancelled; what waits for others comes first, so that nothing starts."""
    run(deputize, SHIP)
    assert deputize("hold", "--plan", "p1").out.splitlines()[0] == "#4 blocked: Report (held)"
    assert deputize("release", "--plan", "p1", "--json").document[3]["held"] is False
    said = deputize("cancel", "--plan", "1")
    assert (said.code, said.err) == (0, "")
    assert states(deputize) == ["cancelled"] * 4
    shown = deputize("plan", "show", "1", "--json").document
    assert (shown["state"], shown["counts"]) == ("failed", {"cancelled": 4})
    assert deputize("cancel", "--plan", "1", "2").code == 2


def test_cancelling_says_first_what_becomes_of_others(deputize: CommandLine) -> None:
    """Those that fall with it, near and far, and those that go on; without a terminal it acts."""
    run(deputize, SHIP)
    deputize.add("Look at it", "--after", "1:end")
    said = deputize("cancel", "1")
    assert said.err == (
        "cancelled with what they need:\n"
        "  #2 blocked: Document it\n  #3 blocked: Test it\n  #4 blocked: Report\n"
        "set free, for they wait for any end:\n  #5 blocked: Look at it\n"
    )
    assert said.out == "#1 cancelled: Build it\n"
    assert states(deputize) == ["cancelled"] * 4
    assert deputize("show", "5", "--json").document["state"] == "queued"


@pytest.mark.parametrize(("answer", "code", "state"), [("n", 4, "queued"), ("y", 0, "cancelled")])
def test_on_a_terminal_a_person_is_asked(
    deputize: CommandLine, answer: str, code: int, state: str
) -> None:
    """Only where others are concerned, and after they were named; the answer holds."""
    run(deputize, SHIP)
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        deputize.argv("cancel", "1"),
        cwd=deputize.folder,
        env=deputize.environment(),
        stdin=theirs,
        capture_output=True,
        check=False,
        timeout=50,
    )
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, b"cancel? [y/N]" in done.stderr) == (code, True)
    assert done.stderr.index(b"#2 blocked") < done.stderr.index(b"cancel?")
    assert states(deputize)[0] == state


def test_the_schemas_are_printed(deputize: CommandLine) -> None:
    """And take the very plan that `run` takes."""
    schema = deputize("schema", "plan").document
    jsonschema.validate(SHIP, schema)
    task = deputize("schema", "task", "--json").document
    jsonschema.validate(SHIP["tasks"][3], task)
    change = deputize("schema", "change").document
    deletion = {"op": "delete", "path": "notes.txt"}
    jsonschema.validate({"schema": "deputize.change/1", "operations": [deletion]}, change)
    verdict = deputize("schema", "verdict").document
    jsonschema.validate({"choice": "J", "reason": "it is whole"}, verdict)
    deputize("add", "--no-start", "--scratch", "Fix it")
    entries = deputize("audit", "--events", "--json").document
    assert entries
    for entry in entries:
        jsonschema.validate(entry, deputize("schema", "entry").document)
    assert deputize("schema", "batch").code == 2


def test_a_plan_tells_what_it_starts_without(deputize: CommandLine, project: Folder) -> None:
    """Files that are not committed, commands that nobody has trusted."""
    project.commit(deputize__toml='[checks.tests]\ncommand = "true"\n')
    project.write("new.txt")
    said = run(deputize, SHIP)
    assert "note: 1 file is not committed; its tasks start without it" in said.err
    assert "nobody has trusted" in said.err


def test_the_example_of_the_documents_works(deputize: CommandLine) -> None:
    """The plan of its page is taken, and answered as the page says."""
    page = (ROOT / "docs" / "plans.md").read_text(encoding="utf-8")
    plan = page.partition("```json\n")[2].partition("```")[0]
    answer = page.partition("$ deputize run plan.json\n")[2].partition("```")[0]
    assert run(deputize, json.loads(plan)).out == answer
