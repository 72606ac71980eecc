"""With the sandbox off, one real program serves several tasks of a worker."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from deputize.workspace.processes import table
from tests.agents.acp.crowd import CROWD
from tests.agents.rigs import COPILOT_ACP, GOOSE
from tests.fixtures.programs import find_copilot, find_goose
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.demo.model import ModelRequest
    from tests.fixtures.house import House

MANY = 10
SHARED = "[sandbox]\nlevel = 'off'\n"
COMMAND = "echo one > note-{number}.txt; (cd /; setsid sleep 600 &) ; sleep 601 &"


DELEGATE = "Please delegate something."
SUBMIT = f"{sys.executable} -m deputize add -q --no-start --hold --agent shell"


def prompt(number: int) -> str:
    """Ask for one note."""
    return f"Write note {number}, and no other."


def scene(number: int) -> Scene:
    """Write the note, leave something running, wait for the gate, and say so."""
    turns = (
        Turn(steps=(RunShell(command=COMMAND.format(number=number)),)),
        Turn(say="It is there.", wait_for="go"),
    )
    return Scene(name=str(number), contains=prompt(number), turns=turns)


@pytest.fixture
def model(tmp_path: Path) -> Iterator[ScriptedModel]:
    """Serve the script."""
    submit = f"DEPUTIZE_HOME={tmp_path}/home {SUBMIT} --repo {tmp_path}/repo 'echo a'"
    turns = (Turn(steps=(RunShell(command=submit),)), Turn(say="It is under way."))
    delegate = Scene(name="delegate", contains=DELEGATE, turns=turns)
    with ScriptedModel(Script(scenes=(delegate, *map(scene, range(MANY))))) as served:
        yield served


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """A house whose agents share one program."""

    house: House
    agent: str
    program: str
    """What the path of the program ends with."""

    def add(self, number: int) -> int:
        """Queue one task."""
        told = self.house.cli("add", "-q", "--no-start", "--agent", self.agent, prompt(number))
        return int(told)

    def begin(self, model: ScriptedModel, count: int) -> list[int]:
        """Queue tasks, and return them once each has left its two sleepers behind and waits."""
        tasks = [self.add(number) for number in range(count)]
        for number in range(count):

            def waits(asked: ModelRequest, number: int = number) -> bool:
                return asked.turn == 1 and prompt(number) in asked.prompt

            model.wait_for_request(waits, timeout_seconds=60)
        wait_until(lambda: len(self.strays()) == 2 * count, deadline_seconds=30)
        return tasks

    def programs(self) -> set[int]:
        """Return the programs of the agents that run."""
        found = self.house.processes()
        paths = {pid: words.partition(" ")[0] for pid, words in found.items()}
        named = {pid for pid, path in paths.items() if path.endswith(self.program)}
        # What one of them is about to start bears its name until it has become another program.
        return {pid for pid in named if parent_of(pid) not in named}

    def strays(self) -> set[int]:
        """Return what commands have left behind."""
        found = self.house.processes()
        return {pid for pid, words in found.items() if words.startswith("sleep 60")}


@pytest.fixture(params=["copilot", "copilot-acp", pytest.param("goose", marks=pytest.mark.real)])
def shared(request: pytest.FixtureRequest, copilot: House, model: ScriptedModel) -> Shared:
    """Give a house whose agents share Copilot's runtime, Copilot by the protocol, or goose."""
    copilot.configure_more(f"{SHARED}[worker]\nslots = {MANY}\n")
    if request.param == "copilot":
        return Shared(house=copilot, agent="copilot", program="/copilot-runtime")
    if request.param == "goose":
        copilot.environment |= GOOSE.variables(model)
        program = str(find_goose())
        copilot.configure_more(
            f"[agents.goose]\ncommand = ['{program}', 'acp', '--with-builtin', 'developer']"
        )
        return Shared(house=copilot, agent="goose", program=program)
    copilot.environment |= COPILOT_ACP.variables(model)
    program = str(find_copilot())
    copilot.configure_more(
        f"""
        [agents.copilot-acp]
        kind = "acp"
        command = ["{program}", "--acp"]
        env = ["COPILOT_*"]
        shared = true
        """
    )
    return Shared(house=copilot, agent="copilot-acp", program=program)


def parent_of(pid: int) -> int | None:
    """Return who started a process; None where it is gone."""
    found = table.look(pid)
    return found.parent if found else None


def outcomes(task: dict[str, Any]) -> list[str]:
    """Return how the attempts of a task ended."""
    return [attempt["outcome"] for attempt in task["attempts"]]


def test_tasks_share_a_program_and_leave_nothing_in_it(
    shared: Shared, model: ScriptedModel
) -> None:
    """All land; the program stays, without what they had started, until its worker goes."""
    worker = shared.house.up()
    tasks = shared.begin(model, 3)
    (program,) = shared.programs()
    model.open("go")
    done = [shared.house.until(task) for task in tasks]
    assert {task["state"] for task in done} == {"done"}, done
    assert len({task["attempts"][0]["session"] for task in done}) == len(tasks)
    assert not shared.strays()
    assert shared.programs() == {program}
    worker.tell(signal.SIGTERM)
    worker.wait()
    shared.house.until_alone()


def test_who_is_cancelled_takes_nobody_along(shared: Shared, model: ScriptedModel) -> None:
    """Its processes are gone, those of the others run on, in the same program."""
    shared.house.up()
    first, *others = shared.begin(model, 3)
    (program,) = shared.programs()
    before = shared.strays()
    assert len(before) == 6
    shared.house.cli("cancel", str(first))
    assert shared.house.until(first)["state"] == "cancelled"
    assert shared.strays() < before
    assert len(shared.strays()) == 4
    assert shared.programs() == {program}
    model.open("go")
    done = [shared.house.until(task) for task in others]
    assert {task["state"] for task in done} == {"done"}, done
    assert {tuple(outcomes(task)) for task in done} == {("succeeded",)}


def test_when_the_program_dies_every_task_goes_on_from_its_session(
    shared: Shared, model: ScriptedModel
) -> None:
    """Ten attempts end as crashed at once, and their next ones resume; none is lost."""
    shared.house.up()
    tasks = shared.begin(model, MANY)
    (program,) = shared.programs()
    os.kill(program, signal.SIGKILL)
    model.open("go")
    done = [shared.house.until(task) for task in tasks]
    assert {task["state"] for task in done} == {"done"}, done
    assert {tuple(outcomes(task)) for task in done} == {("agent_crashed", "succeeded")}
    assert all(len({each["session"] for each in task["attempts"]}) == 1 for task in done)
    assert not shared.strays()


def test_when_the_worker_dies_the_next_one_ends_what_it_shared(
    shared: Shared, model: ScriptedModel
) -> None:
    """Its attempts are rescued with their sessions, and neither program nor command is left."""
    worker = shared.house.up()
    tasks = shared.begin(model, 3)
    (program,) = shared.programs()
    left = shared.strays()
    worker.kill()
    model.open("go")
    shared.house.up()
    done = [shared.house.until(task) for task in tasks]
    assert {tuple(outcomes(task)) for task in done} == {("worker_lost", "succeeded")}, done
    assert all(len({each["session"] for each in task["attempts"]}) == 1 for task in done)
    assert program not in shared.programs()
    assert shared.strays().isdisjoint(left)


def test_an_unused_program_does_not_outlive_its_worker(
    shared: Shared, model: ScriptedModel
) -> None:
    """Though no attempt is open to be rescued, and it takes no notice of its worker's end."""
    model.open("go")
    worker = shared.house.up()
    assert shared.house.until(shared.add(0))["state"] == "done"
    (program,) = shared.programs()
    os.kill(program, signal.SIGSTOP)
    worker.kill()
    assert shared.programs() == {program}
    again = shared.house.up()
    wait_until(lambda: not shared.programs(), deadline_seconds=30)
    shared.house.until_alone(again)


def test_what_an_agent_delegates_is_its_tasks(shared: Shared, model: ScriptedModel) -> None:
    """Who pays for it is known, though the program that all share bears nobody's name."""
    model.open("go")
    shared.house.up()
    task = int(shared.house.cli("add", "-q", "--no-start", "--agent", shared.agent, DELEGATE))
    shared.house.until(task)
    assert shared.house.rows("SELECT root FROM tasks WHERE id > ?", task) == [(task,)]


def test_who_works_in_the_checkout_shares_no_program_of_the_protocol(house: House) -> None:
    """There is no workspace of its own by which its commands could be told."""
    crowd = f"['{sys.executable}', '-I', '{CROWD}']"
    house.configure_more(
        f"[agents.crowd]\nkind = 'acp'\ncommand = {crowd}\nshared = true\n{SHARED}"
    )
    house.up()
    told = []
    for place in ("--scratch", "--in-place"):
        task = int(house.cli("add", "-q", "--no-start", "--agent", "crowd", "write it", place))
        assert house.until(task)["state"] == "done"
        (seen,) = house.folder.glob(
            f"**/{'repo' if place == '--in-place' else task}*/environment.json"
        )
        told.append(json.loads(seen.read_text()))
    scratch, in_place = told
    assert Path(scratch["cwd"]).name == "programs"
    assert "DEPUTIZE_TASK" not in scratch
    assert (in_place["cwd"], in_place["DEPUTIZE_TASK"]) == (str(house.repo.path), "2")
