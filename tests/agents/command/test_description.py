"""A described program, run: its files, its sessions, its version, its codes."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from deputize.agents.base import AgentEvent, Job, Noted, Report
from deputize.agents.command.agent import CommandAgent
from deputize.agents.command.version import version_of
from deputize.model.agent import AgentSettings, Patterns
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Verdict
from deputize.workspace.processes.containment import containment_prefix

pytestmark = pytest.mark.anyio


async def _gate(_: Action) -> Decision:
    return Decision(verdict=Verdict.DENY, rule="test", reason="nothing is asked here")


def job_in(workspace: Path, prompt: str = "hello") -> Job:
    """Make a job whose temporary folder is the workspace itself, where it must leave nothing."""
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(workspace)}
    return Job(prompt=prompt, workspace=workspace, environment=environment)


async def shell(job: Job, script: str, **said: object) -> tuple[Report, list[AgentEvent]]:
    """Run a described script of the shell, which sees what is added as `$1` and so on."""
    events: list[AgentEvent] = []
    command = ("sh", "-c", script, "sh", *said.pop("arguments", ()))  # type: ignore[misc]
    settings = AgentSettings(command=command)._replace(**said)  # type: ignore[arg-type]
    report = await CommandAgent("test", settings).run(job, _gate, events.append)
    return report, events


async def test_a_prompt_in_a_file_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    """It is the prompt as it was given, for the owner alone, outside of the workspace."""
    script = 'stat -c %a "$1" "$(dirname "$1")"; echo "$1"; cat "$1"; ls -A'
    report, _ = await shell(job_in(tmp_path, "a\0ü"), script, prompt="file")
    mode, folder_mode, name, prompt = report.answer.split("\n")
    assert (mode, folder_mode, prompt) == ("600", "700", "a\0ü")
    assert not Path(name).is_relative_to(tmp_path)
    assert not Path(name).parent.exists()


async def test_a_prompt_for_a_file_that_can_not_be_made_starts_nothing(tmp_path: Path) -> None:
    """A temporary folder that isn't there is told of."""
    job = job_in(tmp_path)
    job = replace(job, environment={**job.environment, "TMPDIR": "/nowhere/at/all"})
    report, events = await shell(job, "touch started", prompt="file")
    assert report.outcome is Outcome.AGENT_ERROR
    assert "/nowhere/at/all" in (report.error or "")
    assert events == []


SESSIONS = {
    "resume_arguments": ("--resume", "{session}"),
    "lost_session": ("^No such session: (.*)$",),
}
RESUMES = 'test "$2" = gone && { echo "No such session: $2" >&2; exit 3; }; echo "$*"'


@pytest.mark.parametrize(
    ("session", "answer", "is_new"),
    [
        (None, "", False),
        ("s-1", "--resume s-1", False),
        ("gone", "", True),
        ("--yolo", "", True),
        ("a b", "", True),
    ],
)
async def test_a_session_is_gone_on_in_or_begun_anew(
    tmp_path: Path,
    session: str | None,
    answer: str,
    is_new: bool,  # noqa: FBT001 - a row
) -> None:
    """One that isn't there, or whose name would be an option, is said to be begun anew."""
    job = replace(job_in(tmp_path), session=session)
    report, events = await shell(job, RESUMES, **SESSIONS)
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, answer)
    notes = [each.text for each in events if isinstance(each, Noted) and "begun" in each.text]
    assert [session in note for note in notes] == [True] * is_new  # type: ignore[operator]


async def test_words_about_a_session_do_not_undo_a_success(tmp_path: Path) -> None:
    """What ended well is not run a second time."""
    job = replace(job_in(tmp_path), session="s-1")
    script = "echo x >> runs; echo 'No such session: s-1'"
    await shell(job, script, **SESSIONS)
    assert (tmp_path / "runs").read_text() == "x\n"


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ("exit 144", Outcome.AGENT_ERROR),
        ("exit 41", Outcome.AUTH_FAILED),
        ("exit 75", Outcome.QUOTA_SPENT),
        ("echo slow down; exit 144", Outcome.RATE_LIMITED),
        ("exit 145", Outcome.AGENT_CRASHED),
        ("exit 7", Outcome.AGENT_ERROR),
    ],
)
async def test_exit_codes_mean_what_is_described(
    tmp_path: Path, script: str, outcome: Outcome
) -> None:
    """Even one that would else be a signal's; words that are described go before."""
    job = replace(job_in(tmp_path), containment=containment_prefix())
    if not job.containment and "145" in script:
        pytest.skip("this system allows no PID namespace")
    codes = {"144": "agent_error", "41": "auth_failed", "75": "quota_spent"}
    patterns = Patterns(rate_limited=("^slow down",))
    report, _ = await shell(job, script, exit_codes=codes, patterns=patterns)
    assert report.outcome is outcome
    assert outcome is Outcome.AGENT_CRASHED or "signal" not in (report.error or "").lower()


def program_that(folder: Path, script: str) -> Path:
    """Write a program."""
    program = folder / "program"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def test_a_version_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`find` tells what the program says, in an empty folder, without our environment."""
    monkeypatch.setenv("SECRET", "1.2.3")
    program = program_that(tmp_path, 'echo "prog $1 $SECRET$(ls -A)v10.20.3-rc1, built in 2026"')
    settings = AgentSettings(command=("x",), path=str(program), version=("--version",))
    found = CommandAgent("test", settings).find()
    assert (found.path, found.version) == (str(program), "10.20.3-rc1")


@pytest.mark.parametrize("script", ["exit 1", "echo none", "yes 1", "echo 1.2 >&2", "kill $$"])
def test_a_program_that_tells_no_version_has_none(tmp_path: Path, script: str) -> None:
    """Whatever it does instead, it is ended."""
    assert version_of(str(program_that(tmp_path, script)), ()) is None


def test_a_program_that_is_missing_is_told_with_how_it_is_installed() -> None:
    """The description says how."""
    settings = AgentSettings(command=("no-such-program",), install="get it")
    found = CommandAgent("test", settings).find()
    assert found.path is None
    assert (found.hint or "").startswith("get it; set `command`")
