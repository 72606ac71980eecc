"""What a program asks of deputize is what the command line does."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, get_type_hints

import anyio
import pytest

import deputize
from deputize import Client
from deputize.client import Entry, LogLine, Need, On, TaskFields, TaskSpec, TaskState
from deputize.desk import history
from deputize.errors import Denied, IllegalMove, InvalidInput, NotFound, NotYet
from deputize.intake.fields import FIELDS

if TYPE_CHECKING:
    from deputize.client import Happening, Task
    from tests.fixtures.house import House

pytestmark = pytest.mark.anyio

INSPECTOR = "inspector"


def script(words: str) -> str:
    """Return a prompt of which the agent runs only this."""
    return f"{words}\nexit"


async def _all_of(client: Client, task: int) -> list[Happening]:
    return [happening async for happening in client.stream(task)]


async def test_what_is_submitted_is_stored_as_it_is_said(house: House) -> None:
    """Python's values arrive as those of the command line do; the door is noted."""
    start = datetime(2031, 2, 3, 4, 5, tzinfo=UTC)
    async with Client() as client:
        need = await client.submit("echo a", role=INSPECTOR)
        task = await client.submit(
            "echo b",
            needs=[Need(id=need.id, on=On.END)],
            timeout=timedelta(minutes=3),
            idle_timeout="2m",
            not_before=start,
            repo=house.repo.path,
            labels=["x"],
            model=None,
        )
        view = await client.get(task.id)
    assert (task.state, task.origin, task.labels) == (TaskState.BLOCKED, "api", ("x",))
    assert (task.timeout_seconds, task.idle_timeout_seconds) == (180, 120)
    assert (task.not_before, task.repo) == (start, str(house.repo.path))
    assert view.needs == [Need(id=need.id, on=On.END)]
    assert house.look(task.id)["title"] == "echo b"


def test_every_field_of_a_task_may_be_said() -> None:
    """What the types allow is what the table of fields has."""
    assert {"prompt", *get_type_hints(TaskFields)} == {field.name for field in FIELDS}


async def test_what_is_wrong_is_named(house: House) -> None:
    """The field that is wrong is in the error, and nothing is stored."""
    itself: list[object] = []
    itself.append(itself)
    async with Client() as client:
        with pytest.raises(InvalidInput, match=r"task\.priority: must be between 1 and 10"):
            await client.submit("echo a", priority=11)
        with pytest.raises(InvalidInput, match=r"task.needs\[0\]: must be the id"):
            await client.submit("echo a", needs=["first"])  # type: ignore[list-item]
        with pytest.raises(InvalidInput, match=r"task\.not_before: must be a moment"):
            await client.submit("echo a", not_before=datetime(2031, 2, 3))  # noqa: DTZ001 - that is it
        with pytest.raises(InvalidInput, match=r"task\.prompt: must be a text"):
            await client.submit(7)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="can't be written as JSON"):
            await client.submit_plan({"tasks": [{"prompt": object()}]})
        with pytest.raises(InvalidInput, match="too deep"):
            await client.submit_plan({"tasks": itself})
        with pytest.raises(IllegalMove, match="TaskSpec says everything"):
            await client.submit(TaskSpec(prompt="echo a"), priority=1)
        assert await client.list(everything=True) == []
    del house


async def test_a_whole_specification_may_be_given(house: House) -> None:
    """What makes a `TaskSpec` itself says all in it."""
    spec = TaskSpec(prompt="echo a", repo=str(house.repo.path), held=True, origin="mine")
    async with Client() as client:
        task = await client.submit(spec)
        assert client._watch.count == 1
    assert (task.held, task.origin) == (True, "mine")


async def test_a_program_waits_for_the_end(house: House) -> None:
    """NotYet, which is recoverable, while the task runs; then the task with its result."""
    async with Client() as client:
        task = await client.submit(script(f"{house.awaiting('go')}; echo fine"), role=INSPECTOR)
        house.up()
        house.until_awaited("go")
        with pytest.raises(NotYet, match=f"#{task.id} is running") as caught:
            await client.wait(task.id, timeout=0.1)
        assert caught.value.recoverable
        with pytest.raises(NotYet):
            await client.result(task.id)
        house.sign("go").touch()
        ended = await client.wait(task.id)
        assert (ended.state, ended.result) == (TaskState.DONE, "fine")
        assert await client.result(task.id) == ended
        with pytest.raises(NotFound) as missing:
            await client.wait(99)
    assert not missing.value.recoverable


async def test_who_waits_beside_others_hears_of_it_though_they_leave(house: House) -> None:
    """One looks for all of them; where that one is cancelled, another does."""
    ended: list[Task] = []

    async def wait(client: Client, task: int) -> None:
        ended.append(await client.wait(task))

    async with Client() as client, anyio.create_task_group() as group:
        task = await client.submit(script(f"{house.awaiting('go')}; echo fine"), role=INSPECTOR)
        with anyio.move_on_after(0.2):
            await client.wait(task.id)
        group.start_soon(wait, client, task.id)
        group.start_soon(wait, client, task.id)
        house.up()
        with pytest.raises(NotYet):
            await client.wait(task.id, timeout=0.2)
        house.sign("go").touch()
    assert [one.result for one in ended] == ["fine", "fine"]


async def test_a_stream_tells_all_of_a_task_in_order(house: House) -> None:
    """From `task.queued` to its end, each entry once, the log's lines before the last entry."""
    async with Client() as client:
        task = await client.submit(
            script(f"echo one; {house.awaiting('go')}; echo two"), role=INSPECTOR
        )
        told: list[Happening] = []
        async for happening in client.stream(task.id):
            if not told:
                house.up()
            if isinstance(happening, LogLine) and happening.text.endswith("│ one"):
                house.sign("go").touch()
            told.append(happening)
    entries = [one for one in told if isinstance(one, Entry)]
    lines = [one.text for one in told if isinstance(one, LogLine)]
    assert [one.id for one in entries] == [
        entry.id for entry in history.entries(house.desk, task=task.id)
    ]
    assert (entries[0].kind, entries[-1].kind, told[-1]) == (
        "task.queued",
        "task.done",
        entries[-1],
    )
    assert lines == house.log(task.id).splitlines()


def test_without_an_event_loop_the_verbs_are_the_same(house: House) -> None:
    """Submit, follow, list and read, as plain methods."""
    with Client.sync() as client:
        task = client.submit(script("echo fine"), role=INSPECTOR)
        house.up()
        told = list(client.stream(task.id))
        assert client.result(task.id).result == "fine"
        assert client.list() == []
        assert [view.task.id for view in client.list(state="done")] == [task.id]
    assert isinstance(told[-1], Entry)
    assert told[-1].kind == "task.done"
    assert any(isinstance(one, LogLine) and one.text.endswith("│ fine") for one in told)


async def test_a_running_task_is_cancelled(house: House) -> None:
    """Its agent ends, and who follows it hears of that."""
    async with Client() as client:
        task = await client.submit(script(house.awaiting("never")), role=INSPECTOR)
        house.up()
        house.until_awaited("never")
        assert (await client.cancel(task.id)).cancel_requested
        told = await _all_of(client, task.id)
        assert (await client.wait(task.id)).state is TaskState.CANCELLED
    assert isinstance(told[-1], Entry)
    assert told[-1].kind == "task.cancelled"


async def test_a_task_is_held_and_set_going_again(house: House) -> None:
    """Held, it waits; released, it fails; set going again it does what it failed to do."""
    async with Client() as client:
        looks = f"test -e {house.sign('mended')} && echo fine"
        task = await client.submit(script(looks), role=INSPECTOR)
        assert (await client.hold(task.id)).held
        house.up()
        assert not (await client.release(task.id)).held
        assert (await client.wait(task.id)).state is TaskState.FAILED
        with pytest.raises(IllegalMove):
            await client.hold(task.id)
        house.sign("mended").touch()
        with pytest.raises(IllegalMove, match="no session"):
            await client.retry(task.id, resume=True)
        assert (await client.retry(task.id)).state is TaskState.QUEUED
        assert (await client.wait(task.id)).state is TaskState.DONE
        with pytest.raises(IllegalMove):
            await client.retry(task.id)
    assert len(house.look(task.id)["attempts"]) == 2


async def test_a_question_is_answered(house: House) -> None:
    """A change that asks lands, or doesn't, as the program says."""
    house.configure("")
    house.up()
    async with Client() as client:
        tasks = [await client.submit(script(f"echo {name} > {name}")) for name in "ab"]
        for task in tasks:
            house.until_waiting(task.id, "no required check")
        questions = {question.task: question for question in await client.approvals()}
        yes, no = (questions[task.id] for task in tasks)
        assert (await client.approve(yes.id)).state == "approved"
        assert (await client.deny(f"#{tasks[1].id}", "not this")).answer == "not this"
        ended = await client.wait_all([task.id for task in tasks])
        assert no.id not in {question.id for question in await client.approvals()}
    assert [task.state for task in ended] == [TaskState.DONE, TaskState.FAILED]
    assert house.repo.listing("main") == ["README.md", "a"]


async def test_an_agent_answers_no_question(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below an attempt approving is refused, and what is submitted is its task's."""
    async with Client() as outer:
        task = await outer.submit("echo a", held=True)
    monkeypatch.setenv("DEPUTIZE_TASK", str(task.id))
    async with Client() as client:
        child = await client.submit("echo b", held=True)
        with pytest.raises(Denied):
            await client.approve(f"#{task.id}")
        with pytest.raises(Denied):
            await client.deny(1)
    assert child.root == task.id
    del house


def test_a_plan_is_tried_and_submitted(house: House) -> None:
    """A dry run stores nothing; a plan's tasks come with their names and needs."""
    plan = {
        "tasks": [
            {"name": "first", "prompt": script("echo a"), "role": INSPECTOR},
            {"prompt": script("echo b"), "role": INSPECTOR, "needs": ("first",)},
        ]
    }
    with Client.sync() as client:
        client.submit_plan(plan, dry_run=True)
        assert client.list(everything=True) == []
        submitted = client.submit_plan(plan)
        assert [placed.name for placed in submitted.tasks] == ["first", None]
        house.up()
        ended = client.wait_all(placed.task.id for placed in submitted.tasks)
        assert [task.result for task in ended] == ["a", "b"]
        assert len(client.list(plan=submitted.plan.id, everything=True)) == 2


def test_a_worker_is_started_only_where_that_is_wanted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not where the client or the settings say no; one that can't be is a warning."""
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Client.sync() as client:
        client.submit("echo a", held=True)
    monkeypatch.delenv("DEPUTIZE_WORKER__AUTOSTART")
    with Client.sync(start_worker=False) as client:
        client.submit("echo a", held=True)
    with (
        Client.sync(house.home.path) as client,
        pytest.warns(RuntimeWarning, match="no worker could be started"),
    ):
        assert client.submit("echo a", held=True).id == 3


async def test_a_client_that_is_not_open_says_so(house: House) -> None:
    """Outside its block, before and after; a block within the block is refused."""
    client = Client()
    with pytest.raises(IllegalMove, match="the client is not open") as caught:
        await client.get(1)
    assert "async with" in (caught.value.hint or "")
    async with client:
        with pytest.raises(IllegalMove, match="open already"):
            await client.__aenter__()
        assert await client.list() == []
    with pytest.raises(IllegalMove):
        await client.list()
    async with client:
        assert await client.list() == []
    del house


def test_the_api_is_loaded_when_it_is_asked_for() -> None:
    """To import the package costs nothing; a name that isn't there is told as Python does."""
    code = "import sys, deputize; print('anyio' in sys.modules, deputize.Client.__name__)"
    ended = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    assert ended.stdout == "False Client\n"
    with pytest.raises(AttributeError, match="nothing"):
        deputize.nothing  # noqa: B018 - reading it is the test
