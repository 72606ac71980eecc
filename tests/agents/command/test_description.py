"""A described program, run: its files, its sessions, its version, its codes."""

from __future__ import annotations

import os
import shlex
import stat
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from deputize.agents.base import AgentEvent, Job, Noted, Report, Said, SessionStarted, Used
from deputize.agents.command.agent import CommandAgent
from deputize.agents.command.hearing import MOST_LINES
from deputize.agents.command.version import version_of
from deputize.agents.output import ANSWER_CHARACTERS
from deputize.model.agent import AgentSettings, Patterns, Reading
from deputize.model.attempt import Usage
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


@pytest.mark.parametrize(("session", "heard"), [("s-1", "go on"), ("gone", "all of it")])
async def test_the_file_of_the_prompt_has_what_the_session_needs(
    tmp_path: Path, session: str, heard: str
) -> None:
    """Whoever begins anew finds the whole prompt, in a file of its own."""
    job = replace(job_in(tmp_path, "all of it"), session=session, short_prompt="go on")
    script = 'test "$3" = gone && { echo "No such session: $3" >&2; exit 3; }; cat "$1"'
    report, _ = await shell(job, script, arguments=("{prompt_file}",), **SESSIONS)
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, heard)


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
    job = replace(job_in(tmp_path), launcher=containment_prefix())
    if not job.launcher and "145" in script:
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


ANSWER, ERROR = Reading(answer="say"), Reading(error="wrong")
COUNT = Reading(input_tokens=("in",))
RULES = (ANSWER, ERROR, COUNT, Reading(session="id"))


def reads(output: str) -> dict[str, object]:
    """Describe a program whose output is read."""
    return {"output": output, "read": RULES}


async def test_a_line_is_read_as_it_comes_and_words_between_are_noted(tmp_path: Path) -> None:
    """Answers are told, usage and session too; what is no JSON is a note."""
    lines = ('{"id": "s1", "say": "one"}', "banner", '{"in": 3}', '{"say": "two"}')
    script = f"printf '%s\\n' {shlex.join(lines)}"
    report, events = await shell(job_in(tmp_path), script, **reads("jsonl"))
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "two")
    told = [each for each in events if each not in (Said(text=""), events[0])]
    assert told == [
        SessionStarted(token="s1"),
        Said(text="one"),
        Noted(text="banner"),
        Used(usage=Usage(input_tokens=3)),
        Said(text="two"),
    ]


async def test_one_value_is_read_at_the_end(tmp_path: Path) -> None:
    """It may go over many lines."""
    script = 'printf \'{\n"say": "all",\n"in": 3\n}\n\''
    report, events = await shell(job_in(tmp_path), script, **reads("json"))
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "all")
    assert Used(usage=Usage(input_tokens=3)) in events


@pytest.mark.parametrize("output", ["json", "jsonl"])
async def test_an_output_that_is_none_is_words(tmp_path: Path, output: str) -> None:
    """What was meant for people is the answer then, line by line."""
    script = "echo 'It was\nnot JSON.'; echo '{'"
    report, _ = await shell(job_in(tmp_path), script, **reads(output))
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "It was\nnot JSON.\n{")


@pytest.mark.parametrize(
    ("output", "content", "answer"),
    [
        ("text", "plain words", "plain words"),
        ("json", '{"say": "whole", "in": 3}', "whole"),
        ("jsonl", '{"say": "first", "in": 3}\n{"say": "last"}\n', "last"),
    ],
)
async def test_a_file_is_read_where_the_command_names_one(
    tmp_path: Path, output: str, content: str, answer: str
) -> None:
    """What it prints is told meanwhile."""
    job = replace(job_in(tmp_path), environment={"PATH": "/usr/bin:/bin", "TEXT": content})
    script = 'echo talk; printf %s "$TEXT" > "$1"'
    report, events = await shell(job, script, arguments=["{output}"], **reads(output))
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, answer)
    assert Said(text="talk\n") in events
    assert (Used(usage=Usage(input_tokens=3)) in events) == (output != "text")


async def test_a_limit_holds_while_a_long_file_is_read(tmp_path: Path) -> None:
    """Others have their turn between its lines: here one that ends the run at the first."""
    script = """{ echo '{"say": "first"}'; seq 1000; echo '{"say": "last"}'; } > "$1\""""
    settings = AgentSettings(command=("sh", "-c", script, "sh", "{output}"))
    agent = CommandAgent("test", settings._replace(output="jsonl", read=RULES))
    events: list[AgentEvent] = []
    first = anyio.Event()

    def emit(event: AgentEvent) -> None:
        events.append(event)
        if event == Said(text="first"):
            first.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(agent.run, job_in(tmp_path), _gate, emit)
        await first.wait()
        tasks.cancel_scope.cancel()
    assert Said(text="last") not in events


async def test_a_file_is_read_up_to_a_line(tmp_path: Path) -> None:
    """What is beyond is said not to be read."""
    lines = f"head -c {MOST_LINES - 1} /dev/zero | tr '\\0' '\\n'"
    script = f"""{{ {lines}; echo '{{"say": "last"}}'; echo '{{"say": "beyond"}}'; }} > "$1\""""
    report, events = await shell(job_in(tmp_path), script, arguments=["{output}"], **reads("jsonl"))
    assert report.answer == "last"
    assert Noted(text=f"its output is not read beyond line {MOST_LINES}") in events


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (":", "it wrote no output"),
        ('ln -s /etc/passwd "$1"', "can't be read"),
        ('mkfifo "$1"', "no plain file"),
        ('mkdir "$1"', "no plain file"),
        ('truncate -s 40G "$1"', "more than"),
    ],
)
async def test_a_file_that_is_none_is_said_to_be_none(
    tmp_path: Path, script: str, problem: str
) -> None:
    """Nothing else is read in its place, and nobody waits for it; its words are the answer."""
    script = f"echo talk; {script}"
    report, events = await shell(job_in(tmp_path), script, arguments=["{output}"], **reads("json"))
    assert (report.outcome, report.answer) == (Outcome.SUCCEEDED, "talk")
    assert any(isinstance(each, Noted) and problem in each.text for each in events)


@pytest.mark.parametrize(
    ("script", "outcome", "error"),
    [
        ("""echo '{"wrong": "No."}'""", Outcome.AGENT_ERROR, "No."),
        ("""echo '{"wrong": "No."}'; exit 41""", Outcome.AUTH_FAILED, "No."),
        (
            """echo '{"wrong": "Rate limit (429)"}'; exit 1""",
            Outcome.RATE_LIMITED,
            "Rate limit (429)",
        ),
        ("""echo '{"wrong": "Stop it"}'""", Outcome.QUOTA_SPENT, "Stop it"),
        ("""echo '{"wrong": "No."}'; kill -9 $$""", Outcome.AGENT_CRASHED, None),
    ],
)
async def test_an_error_that_is_read_is_the_end(
    tmp_path: Path, script: str, outcome: Outcome, error: str | None
) -> None:
    """Whatever the exit code; patterns and codes say more of it."""
    said = {**reads("jsonl"), "exit_codes": {"41": "auth_failed"}}
    patterns = Patterns(quota_spent=("^Stop",))
    report, _ = await shell(job_in(tmp_path), script, **said, patterns=patterns)
    assert report.outcome is outcome
    assert error in {None, report.error}


HOSTILE = {
    "deep": "'[' * 5_000_000",
    "long": "'{\"say\": \"' + 'x' * 5_000_000 + '\"}'",
    "digits": "'{\"in\": ' + '9' * 100_000 + '}'",
    "bytes": "'\\0\\x80' * 3_000_000",
}


@pytest.mark.parametrize("output", ["json", "jsonl"])
@pytest.mark.parametrize("line", HOSTILE.values(), ids=list(HOSTILE))
async def test_a_hostile_output_is_borne(tmp_path: Path, line: str, output: str) -> None:
    """What can't be read, or is too long to be, is passed over, and the run ends as it would."""
    code = f'print({line}); print(\'{{"say": "end"}}\')'
    settings = AgentSettings(command=(sys.executable, "-c", code))._replace(
        output=output, read=RULES
    )
    report = await CommandAgent("test", settings).run(job_in(tmp_path), _gate, lambda _: None)
    assert report.outcome is Outcome.SUCCEEDED
    assert "end" in report.answer
    assert len(report.answer) <= ANSWER_CHARACTERS


@pytest.mark.parametrize("output", ["json", "jsonl"])
async def test_a_flood_of_values_does_not_fill_memory(tmp_path: Path, output: str) -> None:
    """A hundred megabytes of them, in lines of their own or as one."""
    end = "\\n" if output == "jsonl" else ","
    code = (
        f"for _ in range(100): print(('{{\"say\": \"' + 'x' * 100_000 + '\"}}{end}') * 10, end='')"
    )
    settings = AgentSettings(command=(sys.executable, "-c", code))._replace(
        output=output, read=RULES
    )
    tracemalloc.start()
    try:
        report = await CommandAgent("test", settings).run(job_in(tmp_path), _gate, lambda _: None)
        _, most_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.outcome is Outcome.SUCCEEDED
    assert most_bytes < 50_000_000


async def test_noise_is_looked_for_in_the_last_lines(tmp_path: Path) -> None:
    """Of words without end only so many are held against each expression; the others stay."""
    script = f"echo noise; head -c {MOST_LINES} /dev/zero | tr '\\0' '\\n'; echo noise; echo end"
    job = replace(job_in(tmp_path), answer_characters=2 * MOST_LINES)
    report, _ = await shell(job, script, noise=("^noise$",))
    assert report.answer.split() == ["noise", "end"]


async def test_what_a_program_makes_for_itself_goes_with_it(tmp_path: Path) -> None:
    """What was there before stays, and so does everything that isn't named."""
    (tmp_path / ".mine").write_text("kept")
    script = "touch .mine.log note.txt .mine; mkdir -p .mine.cache/x; ln -s / .mine.link"
    await shell(job_in(tmp_path), script, litter=(".mine*",))
    assert set(os.listdir(tmp_path)) == {".mine", "note.txt"}  # noqa: PTH208 - names alone
