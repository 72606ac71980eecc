"""What a run amounts to, by lines that were recorded: programs that end as the real one can't."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Job, Noted, SessionStarted, Used
from deputize.agents.codex.agent import CodexAgent
from deputize.clock import ManualClock
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.agents.base import AgentEvent, Report

pytestmark = pytest.mark.anyio

THREAD = "01a1fb38-2c5c-7c71-8ad6-55b0d04bdfeb"
STARTED = {"type": "thread.started", "thread_id": THREAD}
SAID = {"type": "item.completed", "item": {"id": "i", "type": "agent_message", "text": "Done."}}
COMPLETED = {"type": "turn.completed", "usage": {"input_tokens": 30, "output_tokens": 4}}
FAR = (
    "2026-03-04T05:06:07.000000Z DEBUG codex_http_client::client: Request completed method=POST"
    ' url=http://x status=429 Too Many Requests headers={"retry-after": "600", "set-cookie": "hid"}'
    " version=HTTP/1.1"
)


def failed(message: str) -> dict[str, object]:
    """Make the line that ends a turn with an error."""
    return {"type": "turn.failed", "error": {"message": message}}


async def gate(_: Action) -> Decision:
    """Answer what is never asked."""
    return Decision(verdict=Verdict.DENY, rule="test", reason="it can't be asked")


async def play(
    folder: Path, *lines: object, then: str = "exit 0", session: str | None = None
) -> tuple[Report, list[AgentEvent]]:
    """Run a program that prints lines, then does something else."""
    recorded, program = folder / "recorded", folder / "codex"
    recorded.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    program.write_text(f"#!/bin/sh\ncat > prompt\ncat '{recorded}'\n{then}\n", encoding="utf-8")
    program.chmod(0o755)
    workspace = folder / "work"
    workspace.mkdir(exist_ok=True)
    events: list[AgentEvent] = []
    job = Job(
        prompt="Do it.",
        workspace=workspace,
        environment={"PATH": os.environ["PATH"], "TMPDIR": str(folder)},
        session=session,
        state=folder / "state",
    )
    agent = CodexAgent(path=str(program), clock=ManualClock(NOW))
    return await agent.run(job, gate, events.append), events


async def test_a_turn_that_is_complete_succeeds(tmp_path: Path) -> None:
    """The last words are the answer; the prompt came on the input."""
    report, events = await play(tmp_path, STARTED, SAID, COMPLETED)
    assert (report.outcome, report.answer, report.exit_code) == (Outcome.SUCCEEDED, "Done.", 0)
    assert (tmp_path / "work" / "prompt").read_text(encoding="utf-8") == "Do it."
    assert SessionStarted(token=THREAD) in events
    assert Used(usage=Usage(input_tokens=30, output_tokens=4)) in events


@pytest.mark.parametrize(
    ("lines", "then", "outcome"),
    [
        ([STARTED, SAID], "exit 0", Outcome.AGENT_ERROR),
        ([], "exit 0", Outcome.AGENT_ERROR),
        ([STARTED, COMPLETED], "exit 1", Outcome.AGENT_ERROR),
        ([STARTED], "exit 101", Outcome.AGENT_CRASHED),
        ([STARTED], "exit 143", Outcome.AGENT_CRASHED),
        ([STARTED, COMPLETED], "kill -9 $$", Outcome.AGENT_CRASHED),
        ([], "exit 127", Outcome.AGENT_MISSING),
        ([failed("unexpected status 401 Unauthorized: x")], "exit 1", Outcome.AUTH_FAILED),
        ([failed("Missing environment variable: `K`.")], "exit 1", Outcome.AUTH_FAILED),
        ([failed("The model `x` does not exist")], "exit 1", Outcome.AGENT_ERROR),
        ([failed("Quota exceeded. Check your plan.")], "exit 1", Outcome.QUOTA_SPENT),
        ([failed("The model `x` does not exist")], "exit 0", Outcome.AGENT_ERROR),
    ],
)
async def test_how_it_ends_is_judged_by_its_last_line_and_its_exit_code(
    tmp_path: Path, lines: list[object], then: str, outcome: Outcome
) -> None:
    """Exit code 0 is no success where the turn was not completed."""
    report, _ = await play(tmp_path, *lines, then=then)
    assert report.outcome is outcome
    assert report.error


async def test_a_plan_s_limit_is_told_with_its_hour(tmp_path: Path) -> None:
    """The hour that people are told is when it is tried again."""
    moment = (NOW + timedelta(days=2)).astimezone().replace(hour=13, minute=10, second=0)
    message = (
        f"You've hit your usage limit or try again at {moment:%b} {moment.day}th, 2026 1:10 PM."
    )
    report, _ = await play(tmp_path, STARTED, failed(message), then="exit 1")
    assert report.outcome is Outcome.QUOTA_SPENT
    assert report.retry_at == moment + timedelta(minutes=1)


async def test_a_wait_in_silence_is_ended(tmp_path: Path) -> None:
    """A program that waits for a limit far off is ended, and no header is told."""
    then = f"echo '{FAR}' >&2; sleep 300"
    report, events = await play(tmp_path, STARTED, then=then)
    assert report.outcome is Outcome.RATE_LIMITED
    assert report.retry_at == NOW + timedelta(seconds=600)
    assert not [event for event in events if isinstance(event, Noted)]


async def test_the_last_words_explain_an_error(tmp_path: Path) -> None:
    """Where no line tells why it ended, the log does."""
    report, _ = await play(tmp_path, then="echo 'Error loading config.toml' >&2; exit 1")
    error = "Codex ended with exit code 1 before its turn was complete\nError loading config.toml"
    assert report.error == error


async def test_only_what_is_new_of_a_session_is_told(tmp_path: Path) -> None:
    """What other processes have told of a session is subtracted; less than that is nothing."""
    grown = {**COMPLETED, "usage": {"input_tokens": 35, "output_tokens": 4}}
    for session, line, told in (
        (None, COMPLETED, [Usage(input_tokens=30, output_tokens=4)]),
        (THREAD, grown, [Usage(input_tokens=5)]),
        (THREAD, COMPLETED, []),
    ):
        _, events = await play(tmp_path, STARTED, line, session=session)
        assert [event.usage for event in events if isinstance(event, Used)] == told


@pytest.mark.parametrize("kept", ["", "[]", "{}{", '{"input_tokens": "30"}'])
async def test_a_record_that_is_broken_never_counts_twice(tmp_path: Path, kept: str) -> None:
    """What can't be read of what was told does no harm."""
    (tmp_path / "state" / "told").mkdir(parents=True)
    (tmp_path / "state" / "told" / f"{THREAD}.json").write_text(kept, encoding="utf-8")
    for _ in range(2):
        report, events = await play(tmp_path, STARTED, COMPLETED, session=THREAD)
        assert report.outcome is Outcome.SUCCEEDED
        assert not [event for event in events if isinstance(event, Used)]


async def test_a_hundred_megabytes_of_output_are_taken(tmp_path: Path) -> None:
    """A line without end is passed over, and what comes after it counts."""
    (tmp_path / "end").write_text(f"{json.dumps(COMPLETED)}\n", encoding="utf-8")
    then = f"head -c 104857600 /dev/zero; echo; cat '{tmp_path}/end'"
    report, events = await play(tmp_path, STARTED, SAID, then=then)
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "Done.")
    assert "a line that is too long was passed over" in [
        event.text for event in events if isinstance(event, Noted)
    ]


async def test_a_program_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """Where config names a program that isn't there, it is told by name."""
    job = Job(prompt="Do it.", workspace=tmp_path, environment={"PATH": os.environ["PATH"]})
    report = await CodexAgent(path=str(tmp_path / "none")).run(job, gate, lambda _: None)
    assert report.outcome is Outcome.AGENT_MISSING
    assert str(tmp_path / "none") in (report.error or "")


async def test_a_folder_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    """Where its temporary folder can't be made, that is a report and no exception."""
    program = tmp_path / "codex"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path / "none")}
    job = Job(prompt="Do it.", workspace=tmp_path, environment=environment)
    report = await CodexAgent(path=str(program)).run(job, gate, lambda _: None)
    assert report.outcome is Outcome.AGENT_ERROR
    assert str(tmp_path / "none") in (report.error or "")
