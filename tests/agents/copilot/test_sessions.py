"""Copilot's sessions: named beforehand, and taken up where a dead process has left them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from copilot import CopilotClient, RuntimeConnection

from deputize.agents.base import AgentEvent, Job, Noted, Provider, SessionStarted
from deputize.agents.copilot.agent import CopilotAgent
from deputize.demo.model import MODEL_NAME, RunShell, Scene, Script, ScriptedModel, Turn
from deputize.model.outcome import Outcome
from deputize.model.policy import Action, Decision, Tool, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

TOKEN = "7d9f2c54-0c0e-4d7b-8a52-6a8f4f1f9a10"
COMMAND = "echo one > made.txt"
SCRIPT = Script(
    scenes=(
        Scene(
            name="make",
            contains="make the file",
            turns=(Turn(steps=(RunShell(command=COMMAND),)), Turn(say="The file was asked for.")),
        ),
        Scene(name="more", contains="say more", turns=(Turn(say="This is more."),)),
    )
)


@dataclass(slots=True, kw_only=True)
class Bench:
    """The runtime with a scripted model, and folders to work in."""

    runtime: Path
    model: ScriptedModel
    environment: dict[str, str]
    folder: Path
    events: list[AgentEvent] = field(default_factory=list)
    asked: list[Action] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        """Where it works."""
        return self.folder / "workspace"

    @property
    def state(self) -> Path:
        """Where it keeps its sessions."""
        return self.folder / "state"

    async def run(self, prompt: str, verdict: Verdict = Verdict.ALLOW, **more: Any) -> str:  # noqa: ANN401 - of a job
        """Give it a prompt, and answer everything that it asks alike; return its answer."""
        job = Job(
            prompt=prompt,
            workspace=self.workspace,
            environment=self.environment,
            model=MODEL_NAME,
            provider=Provider(name="scripted", type="openai", base_url=self.model.openai_url),
            state=self.state,
            **more,
        )

        async def gate(action: Action) -> Decision:
            self.asked.append(action)
            return Decision(verdict=verdict, rule="test", reason="all alike")

        report = await CopilotAgent(path=str(self.runtime)).run(job, gate, self.events.append)
        assert report.outcome is Outcome.SUCCEEDED, report.error
        return report.answer

    async def die_while_asking(self) -> str:
        """Have it ask for a permission, as no hook answers, and be killed; return its session."""
        never = anyio.Event()

        async def wait(*_: object) -> None:
            await never.wait()

        client = CopilotClient(
            connection=RuntimeConnection.for_stdio(path=str(self.runtime)),
            working_directory=str(self.workspace),
            env=self.environment,
            base_directory=str(self.state),
            use_logged_in_user=False,
        )
        await client.start()
        process = client._cli_process
        assert process is not None
        session = await client.create_session(
            model=MODEL_NAME,
            provider={"type": "openai", "base_url": self.model.openai_url},
            working_directory=str(self.workspace),
            on_permission_request=wait,  # type: ignore[arg-type]  # it never answers
        )
        await session.send("Please make the file.")
        kept = self.state / "session-state" / session.session_id / "events.jsonl"
        with anyio.fail_after(40):
            while not kept.exists() or "permission.requested" not in kept.read_text():  # noqa: ASYNC110 - another process writes it
                await anyio.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        await client.force_stop()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()  # the SDK leaves them open
        return session.session_id


@pytest.fixture
def bench(
    copilot_runtime: Path, program_environment: dict[str, str], tmp_path: Path
) -> Iterator[Bench]:
    """Give a bench."""
    with ScriptedModel(SCRIPT) as model:
        made = Bench(
            runtime=copilot_runtime, model=model, environment=program_environment, folder=tmp_path
        )
        made.workspace.mkdir()
        made.state.mkdir()
        yield made


async def test_a_session_that_was_only_named_is_begun_under_its_name(bench: Bench) -> None:
    """Without a word about one that could not be resumed; and it can be resumed itself."""
    assert await bench.run("Please say more.", session=TOKEN, begins=True) == "This is more."
    assert await bench.run("Again: say more.", session=TOKEN) == "This is more."
    started = [each for each in bench.events if isinstance(each, SessionStarted)]
    assert started == [SessionStarted(token=TOKEN, asks=True)] * 2
    assert not [each for each in bench.events if isinstance(each, Noted)]


@pytest.mark.parametrize(
    ("verdict", "made"), [(Verdict.ALLOW, True), (Verdict.DENY, False)], ids=["yes", "no"]
)
async def test_a_permission_that_was_waited_for_is_put_to_the_gate_after_a_crash(
    bench: Bench, verdict: Verdict, *, made: bool
) -> None:
    """The tool is run, or not, as the gate says now; then the prompt has its turn."""
    session = await bench.die_while_asking()
    assert not (bench.workspace / "made.txt").exists()
    answer = await bench.run("Please say more.", verdict, session=session)
    assert answer == "This is more."
    assert bench.asked
    assert {(each.tool, COMMAND in each.summary) for each in bench.asked} == {(Tool.SHELL, True)}
    assert (bench.workspace / "made.txt").exists() is made
    assert [each.scene for each in bench.model.requests if each.scene] == ["make", "make", "more"]
