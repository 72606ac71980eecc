"""The real Codex and its own sandbox, which denies in place of the gate."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.clock import ManualClock
from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn, WriteFile
from deputize.model.outcome import Outcome
from tests.agents.rigs import CODEX, Rig, Run
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.anyio, pytest.mark.real]

PATCHING_MODEL = "gpt-5.5"
"""The name of a model that Codex gives its tool for patches."""
SHOW_KEYS = (
    "for each in /proc/[0-9]*; do tr '\\0' '\\n' < $each/environ; done > seen.txt 2> /dev/null;"
    " env >> seen.txt"
)


def _script(outside: Path) -> Script:
    def scene(words: str, *steps: RunShell | WriteFile) -> Scene:
        return Scene(name=words, contains=words, turns=(Turn(steps=steps), Turn(say="Done.")))

    return Script(
        scenes=(
            scene("write here", RunShell(command="echo one > note.txt")),
            scene("patch here", WriteFile(path="note.txt", content="one\n")),
            scene("touch outside", RunShell(command=f"touch '{outside}/touched.txt'")),
            scene("patch outside", WriteFile(path=f"{outside}/patched.txt", content="one\n")),
            scene("use a temporary file", RunShell(command="mktemp > made.txt")),
            scene("show the keys", RunShell(command=SHOW_KEYS)),
        )
    )


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Give a folder beside the workspace."""
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


@pytest.fixture
def codex(program_environment: dict[str, str], tmp_path: Path, outside: Path) -> Iterator[Rig]:
    """Give Codex, set up to work against a model that tries what it may not do."""
    workspace, state = tmp_path / "work space", tmp_path / "state"
    workspace.mkdir()
    with ScriptedModel(_script(outside)) as model:
        yield Rig(
            kind=CODEX,
            agent=CODEX.make(ManualClock(NOW)),
            model=model,
            environment=program_environment,
            workspace=workspace,
            state=state,
        )


def _files_in(folder: Path) -> list[str]:
    return [each.name for each in folder.iterdir()]


def _denied(run: Run) -> list[tuple[str, bool]]:
    """Return the patches that were denied; of a command that is, nothing may be told at all."""
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    assert not [each for each in run.tools() if each.ok]
    return [(each.name, each.denied) for each in run.tools() if each.name != "exec_command"]


async def test_a_task_that_only_looks_can_not_write(codex: Rig) -> None:
    """With a job that may not write, neither a command nor a patch leaves a file."""
    run = await codex.run(replace(codex.job("Please write here."), may_write=False))
    assert _denied(run) == []
    job = replace(codex.job("Please patch here."), may_write=False, model=PATCHING_MODEL)
    assert _denied(await codex.run(job)) == [("apply_patch", True)]
    assert list(codex.workspace.iterdir()) == []


async def test_a_patch_in_the_workspace_is_a_tool_call(codex: Rig) -> None:
    """What the program's own tool writes is told with its path."""
    run = await codex.run(replace(codex.job("Please patch here."), model=PATCHING_MODEL))
    assert [(each.name, each.ok) for each in run.tools()] == [("apply_patch", True)]
    assert (codex.workspace / "note.txt").read_text(encoding="utf-8") == "one\n"


async def test_a_resumed_session_is_held_to_the_new_job(codex: Rig) -> None:
    """A session that could write can't when it is resumed by a task that only looks."""
    first = await codex.run(codex.job("Please write here."))
    (codex.workspace / "note.txt").unlink()
    job = codex.job("Please write here, again.", session=first.sessions()[0])
    again = await codex.run(replace(job, may_write=False))
    assert again.sessions() == first.sessions()
    assert _denied(again) == []
    assert list(codex.workspace.iterdir()) == []


async def test_nothing_is_written_outside_of_the_workspace(codex: Rig, outside: Path) -> None:
    """A command that goes elsewhere fails, and a patch is told as denied."""
    assert _denied(await codex.run(codex.job("Please touch outside."))) == []
    job = replace(codex.job("Please patch outside."), model=PATCHING_MODEL)
    assert _denied(await codex.run(job)) == [("apply_patch", True)]
    assert _files_in(outside) == []


async def test_what_a_person_allows_codex_elsewhere_does_not_count(
    codex: Rig, outside: Path
) -> None:
    """Rules, writable folders and trust in the person's settings leave the sandbox as it is."""
    (codex.state / "rules").mkdir(parents=True)
    allowed = 'prefix_rule(pattern=["touch"], decision="allow")\n'
    (codex.state / "rules" / "default.rules").write_text(allowed, encoding="utf-8")
    settings = (
        'sandbox_mode = "danger-full-access"\n'
        f"sandbox_workspace_write.writable_roots = [{json.dumps(str(outside))}]\n"
        f"[projects.{json.dumps(str(codex.workspace))}]\n"
        'trust_level = "trusted"\n'
    )
    (codex.state / "config.toml").write_text(settings, encoding="utf-8")
    (codex.workspace / ".codex").mkdir()
    server = f'[mcp_servers.own]\ncommand = "touch"\nargs = [{json.dumps(f"{outside}/served")}]\n'
    (codex.workspace / ".codex" / "config.toml").write_text(server, encoding="utf-8")
    await codex.run(codex.job("Please touch outside."))
    assert _files_in(outside) == []


async def test_temporary_files_have_a_folder_that_goes_with_the_run(codex: Rig) -> None:
    """Programs find a folder for such files; nothing of it is left."""
    await codex.run(codex.job("Please use a temporary file."))
    made = (codex.workspace / "made.txt").read_text(encoding="utf-8")
    temporary = Path(codex.environment["TMPDIR"])
    assert made.startswith(f"{temporary}/deputize-codex-")
    assert not [name for name in _files_in(temporary) if name.startswith("deputize-")]


async def test_no_key_reaches_a_command_or_a_file(codex: Rig) -> None:
    """The provider gets the key; commands, arguments and what Codex stores don't have it."""
    job = replace(codex.job("Please show the keys."), secrets={"SCRIPTED_KEY": "sk-very-private"})
    job = replace(job, environment={**job.environment, "CODEX_API_KEY": "sk-very-private-too"})
    await codex.run(job)
    seen = (codex.workspace / "seen.txt").read_text(encoding="utf-8", errors="replace")
    assert "DEPUTIZE_ATTEMPT=" in seen
    assert "sk-very-private" not in seen
    stored = [each for each in codex.state.rglob("*") if each.is_file()]
    assert stored
    assert not [each for each in stored if b"sk-very-private" in each.read_bytes()]
    assert {request.key for request in codex.model.requests} == {"Bearer sk-very-private"}
