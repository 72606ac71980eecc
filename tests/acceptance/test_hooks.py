"""A person's own hooks around an agent's session: they narrow, add, and are told."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.fixtures.house import House

TASK = "Write a line into notes.txt"
COMMAND = "echo one more line >> notes.txt"
SECRET = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
TURNS = (Turn(steps=(RunShell(command=COMMAND),)), Turn(say="It is done."))
SCRIPT = Script(scenes=(Scene(name="notes", contains=TASK, turns=TURNS),))
KINDS = ("session_start", "prompt", "before_tool", "after_tool", "session_end")
HOOK = """
import json, sys
told = json.load(sys.stdin)
with open(sys.argv[1], "a") as file:
    file.write(json.dumps(told) + "\\n")
sys.stdout.write(json.loads(sys.argv[2]).get(told["hook"], ""))
"""


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve the script."""
    with ScriptedModel(SCRIPT) as served:
        yield served


def add(house: House) -> int:
    """Queue the task."""
    return int(house.cli("add", "-q", "--no-start", "--agent", "copilot", TASK))


def table(house: House, said: Mapping[str, object], *on: str) -> Path:
    """Configure a hook that writes down what it is told, and says this; return where it writes."""
    program, told = house.folder / "hook.py", house.folder / "told"
    program.write_text(HOOK)
    answers = json.dumps({kind: json.dumps(answer) for kind, answer in said.items()})
    command = json.dumps([sys.executable, str(program), str(told), answers])
    house.configure_more(f"[[hooks]]\non = {json.dumps(on)}\nname = 'mine'\ncommand = {command}")
    return told


def documents(told: Path) -> list[dict[str, Any]]:
    """Return what a hook was told."""
    return [json.loads(line) for line in told.read_text().splitlines()]


def events(house: House, kind: str) -> list[dict[str, Any]]:
    """Return the bodies of events of a kind."""
    rows = house.rows("SELECT body FROM events WHERE kind = ? ORDER BY id", kind)
    return [json.loads(body) for (body,) in rows]


def test_a_session_is_told_from_its_beginning_to_its_end(
    copilot: House, model: ScriptedModel
) -> None:
    """Each kind with its own facts; what is added reaches the agent, without the secrets in it."""
    said: dict[str, object] = {
        "session_start": {"context": f"The key is {SECRET}."},
        "prompt": {"context": "Lines end with a full stop."},
        "before_tool": {"decision": "allow"},
    }
    told = table(copilot, said, *KINDS, "error")
    copilot.up()
    task = add(copilot)
    assert copilot.until(task)["state"] == "done"
    found = documents(told)
    assert [each["hook"] for each in found] == list(KINDS)
    (attempt,) = copilot.look(task)["attempts"]
    for each in found:
        assert each["schema"] == "deputize.hook/1"
        assert (each["task"], each["attempt"], each["role"]) == (task, 1, "writer")
        assert (each["agent"], each["name"]) == ("copilot", "mine")
        assert each["workspace"] == attempt["workspace"]
    _, prompt, before, after, end = found
    assert prompt["prompt"].startswith(TASK)
    assert SECRET not in prompt["prompt"]
    assert before["call"]["command"] == COMMAND
    assert before["call"]["arguments"]["command"] == COMMAND
    assert before["call"]["tool"] == "shell"
    assert before["decision"]["verdict"] == "allow"
    assert before["session"] == attempt["session"]
    assert (after["result"]["ok"], after["result"]["denied"]) == (True, False)
    assert end["end"]["outcome"] == "succeeded"
    assert [tool["count"] for tool in end["end"]["tools"]] == [1]
    given = next(request.prompt for request in model.requests if request.scene == "notes")
    assert "The key is [redacted]." in given
    assert SECRET not in given
    assert "Lines end with a full stop." in given


def test_a_hook_says_no_to_a_call(copilot: House) -> None:
    """The agent is told why, and the refusal is on record under the hook's name."""
    table(copilot, {"before_tool": {"decision": "deny", "reason": "not today"}}, "before_tool")
    copilot.up()
    task = copilot.until(add(copilot))
    assert task["error"]["reason"] == "no_change"
    (use,) = task["attempts"][0]["tools"]
    assert use["denied_count"] == 1
    (decided,) = events(copilot, "attempt.tool_decided")
    assert (decided["verdict"], decided["rule"]) == ("deny", "hook.mine")
    assert decided["reason"] == "not today"


def test_a_hook_never_allows_what_the_policy_forbids(copilot: House) -> None:
    """It isn't even asked."""
    told = table(copilot, {"before_tool": {"decision": "allow"}}, "before_tool")
    copilot.configure_more("[policy]\nblocked_commands = ['echo']")
    copilot.up()
    task = copilot.until(add(copilot))
    assert task["error"]["reason"] == "no_change"
    (decided,) = events(copilot, "attempt.tool_decided")
    assert decided["rule"] == "policy.blocked_commands"
    assert not told.exists()


def test_a_hook_has_a_person_asked(copilot: House) -> None:
    """As a policy does: with a yes the call is made."""
    said = {"before_tool": {"decision": "ask", "reason": "better look at it"}}
    table(copilot, said, "before_tool")
    copilot.up()
    task = add(copilot)
    found: list[dict[str, Any]] = wait_until(lambda: copilot.json("approvals"), deadline_seconds=60)
    (question,) = found
    assert question["reason"] == "hook.mine: better look at it"
    copilot.cli("approve", f"a{question['id']}")
    assert copilot.until(task)["state"] == "done"
    assert copilot.repo.git("show", "main:notes.txt") == "one more line"


@pytest.mark.parametrize("command", ["['false']", "['no-such-program']", "['echo', 'yes']"])
def test_a_hook_that_can_not_be_heard_denies(copilot: House, command: str) -> None:
    """It fails closed, and ends neither the attempt nor the worker."""
    copilot.configure_more(f"[[hooks]]\non = ['before_tool']\nname = 'mine'\ncommand = {command}")
    copilot.up()
    task = add(copilot)
    assert copilot.until(task)["error"]["reason"] == "no_change"
    (decided,) = events(copilot, "attempt.tool_decided")
    assert (decided["verdict"], decided["rule"]) == ("deny", "hook.mine")
    assert decided["reason"].startswith("the hook mine could not be heard: ")
    assert "hook.mine says deny: the hook mine could not be heard" in copilot.log(task)


def test_hooks_that_only_hear_and_add_may_fail(house: House) -> None:
    """What they miss is noted, once for each kind, and the task goes on."""
    house.configure()
    house.configure_more(
        "[[hooks]]\non = ['session_start', 'prompt', 'session_end']\n"
        "name = 'mine'\ncommand = ['false']"
    )
    house.up()
    task = house.until(house.add("echo a > a"))
    assert task["state"] == "done"
    noted = events(house, "attempt.hook_failed")
    assert [(each["hook"], each["problem"]) for each in noted] == [
        ("session_start", "exit code 1"),
        ("prompt", "exit code 1"),
        ("session_end", "exit code 1"),
    ]
    assert "hook mine failed (prompt): exit code 1" in house.log(task["id"])


def test_what_went_wrong_is_told_with_what_is_done_next(house: House) -> None:
    """A failed attempt that is tried again, then one that is not; success tells nothing."""
    house.configure()
    told = table(house, {}, "error")
    house.up()
    house.add("exit 3", "--attempts", "2")
    (first,) = wait_until(lambda: told.exists() and documents(told)) or []
    assert first["error"]["outcome"] == "agent_error"
    assert first["next"]["step"] == "retry"
    assert first["next"]["tried"] == "try 2 of 2"
    assert first["next"]["not_before"] is not None
    last = house.until(house.add("exit 4"))
    assert last["state"] == "failed"
    assert documents(told)[-1]["next"]["step"] == "fail"
    assert house.until(house.add("echo a > a"))["state"] == "done"
    assert len(documents(told)) == 2


def test_an_agent_that_does_not_ask_is_kept_from_such_hooks(house: House) -> None:
    """Nobody could hold it to what they say: `add` refuses, and so does a worker."""
    house.configure()
    house.up()
    house.configure_more("[[hooks]]\non = ['before_tool']\nname = 'mine'\ncommand = ['true']")
    said = house.say("add", "-q", "--no-start", "echo a > a")
    assert said.code == 2
    assert "the hook mine decides tool calls: agent shell can't be held to it" in said.err
