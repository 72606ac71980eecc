"""Any program as an agent."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import AgentEvent, Job, Noted, Said
from deputize.agents.command.agent import CommandAgent
from deputize.agents.command.hearing import TOLD_BYTES
from deputize.agents.output import ANSWER_CHARACTERS
from deputize.clock import ManualClock
from deputize.model.agent import AgentSettings, Patterns
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.agents.base import Report

pytestmark = pytest.mark.anyio


async def _gate(_: Action) -> Decision:
    return Decision(verdict=Verdict.DENY, rule="test", reason="nothing is asked here")


async def _run(
    workspace: Path, *command: str, prompt: str = "hello"
) -> tuple[Report, list[AgentEvent]]:
    events: list[AgentEvent] = []
    job = Job(prompt=prompt, workspace=workspace, environment={"PATH": "/usr/bin:/bin"})
    agent = CommandAgent("test", AgentSettings(command=command))
    report = await agent.run(job, _gate, events.append)
    return report, events


async def _shell(workspace: Path, script: str) -> tuple[Report, list[AgentEvent]]:
    return await _run(workspace, "sh", "-c", script)


async def test_the_prompt_comes_on_stdin(tmp_path: Path) -> None:
    """Without `{prompt}` in the command the program reads its prompt, as it was given."""
    prompt = "a\0b\x1b[31mc ü\n" * 70_000
    report, _ = await _run(tmp_path, "sh", "-c", "cat > got; wc -c < got", prompt=prompt)
    assert (tmp_path / "got").read_bytes() == prompt.encode()
    assert report.answer == str(len(prompt.encode()))


async def test_the_prompt_replaces_its_place_in_the_arguments(tmp_path: Path) -> None:
    """`{prompt}` in an argument is replaced, whatever the prompt has in it, and stdin is empty."""
    prompt = "it's $(touch bad) {prompt} `x`"
    report, _ = await _run(
        tmp_path, "sh", "-c", 'printf "%s|" "$1"; cat', "sh", "<{prompt}>", prompt=prompt
    )
    assert report.answer == f"<{prompt}>|"
    assert not os.listdir(tmp_path)  # noqa: PTH208 - a look at a folder of the test


@pytest.mark.parametrize(("prompt", "word"), [("a\0b", "NUL"), ("x" * 200_000, "stdin")])
async def test_a_prompt_that_no_argument_can_carry_is_refused(
    tmp_path: Path, prompt: str, word: str
) -> None:
    """It is said what is wrong with it, and nothing is started."""
    report, events = await _run(tmp_path, "echo", "{prompt}", prompt=prompt)
    assert report.outcome is Outcome.AGENT_ERROR
    assert word in (report.error or "")
    assert events == []


@pytest.mark.parametrize(
    ("script", "outcome", "exit_code"),
    [
        ("exit 0", Outcome.SUCCEEDED, 0),
        ("exit 3", Outcome.AGENT_ERROR, 3),
        ("exit 75", Outcome.RATE_LIMITED, 75),
        ("no-such-program-anywhere", Outcome.AGENT_MISSING, 127),
        ("kill -9 $$", Outcome.AGENT_CRASHED, 137),
        ("kill -SEGV $$", Outcome.AGENT_CRASHED, 139),
    ],
)
async def test_the_exit_code_is_the_outcome(
    tmp_path: Path, script: str, outcome: Outcome, exit_code: int
) -> None:
    """Success, failure, a limit, a missing program and a crash are told apart."""
    report, _ = await _shell(tmp_path, script)
    assert (report.outcome, report.exit_code) == (outcome, exit_code)


async def test_a_program_that_is_not_there_is_missing(tmp_path: Path) -> None:
    """A command whose program can't be found is told as missing, by name."""
    report, events = await _run(tmp_path, "no-such-program-anywhere")
    assert report.outcome is Outcome.AGENT_MISSING
    assert "no-such-program-anywhere" in (report.error or "")
    assert events == []


async def test_a_program_that_can_not_be_run_is_an_error(tmp_path: Path) -> None:
    """A file that is no program gives an error instead of an exception."""
    (tmp_path / "broken").write_text("\x7fnot a program", encoding="utf-8")
    (tmp_path / "broken").chmod(0o755)
    report, _ = await _run(tmp_path, "./broken")
    assert report.outcome is Outcome.AGENT_ERROR


async def test_errors_are_told_as_they_come_and_at_the_end(tmp_path: Path) -> None:
    """Lines on stderr are notes; the last of them explain a failure."""
    report, events = await _shell(tmp_path, "echo one >&2; echo two >&2; exit 1")
    assert [event.text for event in events if isinstance(event, Noted)] == ["one", "two"]
    assert report.error == "the program ended with exit code 1\none\ntwo"


async def test_a_hundred_megabytes_of_output_are_taken(tmp_path: Path) -> None:
    """Output without end neither stops the program nor fills the memory; its end is the answer."""
    script = "import sys; [sys.stdout.write('x' * 1048576) for _ in range(100)]; print('end')"
    report, events = await _run(tmp_path, sys.executable, "-c", script)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.answer.endswith("xend")
    assert len(report.answer) <= ANSWER_CHARACTERS
    told = sum(len(event.text) for event in events if isinstance(event, Said))
    assert TOLD_BYTES <= told < 2 * TOLD_BYTES


async def test_a_daemon_that_holds_the_output_does_not_hold_up_the_run(tmp_path: Path) -> None:
    """When the program has ended, the run ends, and what it left running is ended too."""
    report, _ = await _shell(tmp_path, "sleep 300 & echo done")
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "done")


def test_a_program_is_found_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`find` tells where the program is, or what to do."""
    program = tmp_path / "agent"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert CommandAgent("test", AgentSettings(command=("agent",))).find().path == str(program)
    missing = CommandAgent("test", AgentSettings(command=("other",))).find()
    assert missing.path is None
    assert missing.hint is not None


PATTERNS = Patterns(
    rate_limited=(r"^Slow down(?:: again in (?P<reset>.+))?$",),
    auth_failed=("^Who are you",),
    agent_error=("^Error:",),
)


@pytest.mark.parametrize(
    ("script", "outcome", "minutes"),
    [
        ("echo 'Slow down: again in 20 minutes'", Outcome.RATE_LIMITED, 20),
        ("echo 'Slow down' >&2; exit 1", Outcome.RATE_LIMITED, None),
        ("echo 'Who are you?' >&2; exit 0", Outcome.AUTH_FAILED, None),
        ("echo 'Error: no'; exit 7", Outcome.AGENT_ERROR, None),
        ("echo 'Error: no'; yes ok | head -n 30; exit 7", Outcome.SUCCEEDED, None),
        ("echo 'I told of an Error: no'; exit 7", Outcome.SUCCEEDED, None),
        ("echo fine; exit 0", Outcome.AGENT_ERROR, None),
        ("echo 'Error: no'; kill -9 $$", Outcome.AGENT_CRASHED, None),
    ],
)
async def test_words_and_codes_mean_what_settings_say(
    tmp_path: Path, script: str, outcome: Outcome, minutes: int | None
) -> None:
    """The last lines tell a failure whatever the exit code, and other codes may be success."""
    settings = AgentSettings(command=("sh", "-c", script), success=(7,), patterns=PATTERNS)
    agent = CommandAgent("test", settings, ManualClock(NOW))
    job = Job(prompt="", workspace=tmp_path, environment={"PATH": "/usr/bin:/bin"})
    report = await agent.run(job, _gate, lambda _: None)
    retry_at = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert (report.outcome, report.retry_at) == (outcome, retry_at)
