"""The schema of an entry, held against entries that were really written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import anyio
import jsonschema
import pytest

from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted
from deputize.agents.vocabulary import action_of
from deputize.attempt_log import AttemptLog
from deputize.audit.daily import project
from deputize.audit.schema import entry_schema
from deputize.model.event import EVENT_KINDS
from deputize.model.policy import Decision, Verdict
from deputize.worker.running import Running
from deputize.worker.steps import Steps
from tests.fixtures.shop import shop_of

if TYPE_CHECKING:
    from tests.fixtures.stories import Story


def a_task_with_calls(story: Story) -> None:
    """Let an agent be answered and tell of calls, as an attempt writes them."""
    story.add()
    claim = story.claim()

    async def work(steps: Steps) -> None:
        run = Running(steps=steps)
        action = action_of("bash", {"command": "make"})
        for verdict in Verdict:
            await run.calls.decided(action, Decision(verdict=verdict, rule="r", reason="why"))
        run.emit(SessionStarted(token="s1"))
        run.emit(ToolStarted(id="c1", name="bash", summary="make"))
        run.emit(ToolFinished(id="c1", name="bash", ok=True, output="ok"))
        run.emit(ToolStarted(id="c2", name="bash", summary="sleep"))
        run.calls.close()
        await steps.write_last_notes()

    with AttemptLog(story.home.path / "attempt.log") as log:
        anyio.run(work, Steps(shop=shop_of(story), claim=claim, log=log))
    story.finish(claim)


def test_every_line_that_was_written_is_as_described(story: Story) -> None:
    """Those of calls among them, with each verdict, with an end and without."""
    a_task_with_calls(story)
    story.seal()
    project(story.database, story.home)
    (path,) = story.home.audit.glob("audit-*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = [line["kind"] for line in lines]
    assert kinds.count("attempt.tool_decided") == 3
    assert kinds.count("attempt.tool_finished") == 2
    for line in lines:
        jsonschema.validate(line, entry_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "task.vanished"},
        {"at": "yesterday"},
        {"hash": "x"},
        {"body": []},
        {"more": 1},
        {"kind": "attempt.tool_decided", "body": {"verdict": "perhaps"}},
        {"kind": "attempt.tool_finished", "body": {}},
    ],
)
def test_what_is_no_entry_is_refused(story: Story, wrong: dict[str, object]) -> None:
    """An unknown kind, a moment that is none, and a call without what is known of each."""
    story.run()
    story.seal()
    project(story.database, story.home)
    (path,) = story.home.audit.glob("audit-*.jsonl")
    line = json.loads(path.read_text().splitlines()[0])
    jsonschema.validate(line, entry_schema())
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**line, **wrong}, entry_schema())


def test_every_kind_is_in_the_schema() -> None:
    """And no other."""
    schema = json.loads(json.dumps(entry_schema()))
    assert schema["properties"]["kind"]["enum"] == sorted(EVENT_KINDS)
