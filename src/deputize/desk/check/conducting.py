"""A check under way: an agent's program is started, spoken with, and held to the gate."""

from __future__ import annotations

import secrets
import signal
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.agents.base import (
    AgentEvent,
    Job,
    Probed,
    Probing,
    ProcessStarted,
    Report,
    SessionStarted,
)
from deputize.agents.belongings import belongings_of
from deputize.desk.check.trials import (
    CANARY_FILE,
    CANARY_PROMPT,
    TASK_BEFORE,
    TASK_FILE,
    TASK_PROMPT,
    denial_of,
    is_refusal,
    judge_canary,
    judge_task,
)
from deputize.errors import AgentError, ConfigError, ProcessError
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.model.agent_check import CheckStep
from deputize.model.outcome import Outcome
from deputize.model.policy import Tool
from deputize.workshop import alone
from deputize.workspace.processes.environment import agent_environment, markers
from deputize.workspace.processes.tree import find_tree
from deputize.workspace.sandbox.places import Places
from deputize.workspace.sandbox.shelter import NO_SHELTER, Launcher, Shelter, sheltered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.agents.base import Emit
    from deputize.desk.check.ledger import Ledger
    from deputize.desk.check.subject import Subject
    from deputize.model.agent_check import Canary
    from deputize.model.policy import Action, Decision

NO_TASK = 0
"""The task that a check's processes say they belong to: so they can answer nothing for a person."""
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALLED = 128
"""What a shell adds to a signal's number to make an exit code."""


@dataclass(slots=True, kw_only=True)
class Conduct:
    """One check of one agent."""

    subject: Subject
    ledger: Ledger
    canary: Canary | None = None
    told_to_end: int | None = None
    """The signal that ended it, if one did."""
    marker: str = field(default_factory=lambda: secrets.token_hex(16))
    refused: bool = False
    shelter: Shelter = NO_SHELTER
    """The sandbox that the agent's programs are started in."""

    def run(self, limit_seconds: float) -> None:
        """Go through all steps; an interruption is raised once nothing runs any more."""
        found = self.subject.found
        if found.path is None:
            self.ledger.fail(_with_hint(found.problem or "there is no program", found.hint))
        else:
            version = f" {found.version}" if found.version else ""
            how = f" ({found.how})" if found.how else ""
            told = f"{found.path}{version}{how}; {self.subject.link}"
            self.ledger.note(CheckStep.CONFIG, told)
            anyio.run(self._within, limit_seconds)
        if self.told_to_end == signal.SIGINT:
            raise KeyboardInterrupt
        if self.told_to_end is not None:
            raise SystemExit(SIGNALLED + self.told_to_end)
        self.ledger.close()

    async def _within(self, limit_seconds: float) -> None:
        with anyio.move_on_after(limit_seconds) as scope:
            with alone():
                async with anyio.create_task_group() as group:
                    group.start_soon(self._obey_signals, group.cancel_scope)
                    with _scratch() as folder:
                        await self._in_sandbox(folder)
                    group.cancel_scope.cancel()
        if scope.cancelled_caught:
            self.ledger.fail(f"it took longer than {limit_seconds:g} s altogether")

    async def _obey_signals(self, scope: anyio.CancelScope) -> None:
        with anyio.open_signal_receiver(*ENDING) as signals:
            async for number in signals:
                self.told_to_end = self.told_to_end or number
                scope.cancel()

    async def _in_sandbox(self, folder: Path) -> None:
        """Go through the steps in the sandbox that tasks would be given."""
        subject = self.subject
        manager = sheltered(subject.sandbox, subject.home, Places(read=(), write=()))
        try:
            self.shelter = await to_thread.run_sync(manager.__enter__)
        except (ConfigError, OSError) as error:
            hint = error.hint if isinstance(error, ConfigError) else None
            self.ledger.fail(_with_hint(str(error), hint))
            return
        try:
            await self._all_steps(folder)
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(manager.__exit__, None, None, None)

    async def _all_steps(self, folder: Path) -> None:
        try:
            await self._probe(folder)
            if await self._canary(folder):
                await self._task(folder)
        except (AgentError, ProcessError) as error:
            self.ledger.fail(_with_hint(error.message, error.hint))

    async def _probe(self, folder: Path) -> None:
        """Ask what can be asked before any session."""
        agent = self.subject.agent
        if isinstance(agent, Probing):
            await agent.probe(await self._job("", folder, may_write=False), self._probed)

    def _probed(self, told: Probed) -> None:
        self.ledger.note(told.step, told.text, told.state)

    async def _canary(self, folder: Path) -> bool:
        """Have the agent write what the gate refuses, and see how it speaks meanwhile.

        Tells whether it is worth going on.
        """
        workspace = folder / "canary"
        await anyio.Path(workspace).mkdir()
        # Commands could write too, and nobody can tell from their text: only reading is allowed.
        bounds = Bounds(workspace=str(workspace), may_write=False, tools=frozenset({Tool.READ}))
        report = await self._speak(CANARY_PROMPT, workspace, bounds, self._hear)
        self._answered(report)
        exists = await anyio.Path(workspace / CANARY_FILE).exists()
        await self._stopped()
        if not self.ledger.has_failed or exists or self.refused:
            how = denial_of(self.subject.name, self.subject.settings)
            judged = judge_canary(exists=exists, refused=self.refused, how=how)
            self.ledger.note(CheckStep.CANARY, judged.text, judged.state)
            self.canary = judged.canary
        return report.outcome is Outcome.SUCCEEDED and self.ledger.next is CheckStep.TASK

    async def _task(self, folder: Path) -> None:
        """Have the agent do something small that it may do."""
        workspace = folder / "task"
        await anyio.Path(workspace).mkdir()
        file = anyio.Path(workspace / TASK_FILE)
        await file.write_text(TASK_BEFORE, encoding="utf-8")
        bounds = Bounds(
            workspace=str(workspace), may_write=True, own=(str(self.subject.state.resolve()),)
        )
        report = await self._speak(TASK_PROMPT, workspace, bounds, lambda _: None)
        if report.outcome is not Outcome.SUCCEEDED:
            self.ledger.fail(f"{report.outcome}: {report.error}")
            return
        left = await file.read_text("utf-8", "replace") if await file.is_file() else None
        judged = judge_task(left)
        self.ledger.note(CheckStep.TASK, judged.text, judged.state)

    async def _speak(self, prompt: str, workspace: Path, bounds: Bounds, hear: Emit) -> Report:
        gate = gate_for(bounds, self._record)
        job = await self._job(prompt, workspace, may_write=bounds.may_write)
        return await self.subject.agent.run(job, gate, hear)

    async def _record(self, action: Action, decision: Decision) -> None:
        self.refused = self.refused or is_refusal(action, decision)

    def _hear(self, event: AgentEvent) -> None:
        """Tell the steps of a conversation from what the agent does, as it does it."""
        ledger = self.ledger
        if isinstance(event, ProcessStarted):
            ledger.note(CheckStep.START, "the program runs")
            ledger.not_applicable(CheckStep.PING)
            ledger.not_applicable(CheckStep.AUTH)
            if self.subject.kind == "command":
                ledger.note(CheckStep.PROMPT, "given at its start")
        elif isinstance(event, SessionStarted):
            ledger.note(CheckStep.SESSION, "begun")
        elif ledger.next is CheckStep.PROMPT:
            ledger.note(CheckStep.PROMPT, "taken")

    def _answered(self, report: Report) -> None:
        if report.outcome is Outcome.SUCCEEDED:
            self.ledger.note(CheckStep.PROMPT, "taken")
            self.ledger.note(CheckStep.ANSWER, report.answer or "it had nothing to say")
            return
        if self.ledger.next is CheckStep.PROMPT:
            self.ledger.note(CheckStep.PROMPT, "given")
        self.ledger.fail(f"{report.outcome}: {report.error}")

    async def _stopped(self) -> None:
        left = await to_thread.run_sync(find_tree, self.marker)
        if left:
            numbers = ", ".join(str(each.pid) for each in left)
            self.ledger.fail(f"still there: process {numbers}")
        elif self.ledger.next is CheckStep.STOP:
            self.ledger.note(CheckStep.STOP, "nothing of it runs any more")

    async def _job(self, prompt: str, workspace: Path, *, may_write: bool) -> Job:
        subject = self.subject
        job = Job(
            prompt=prompt,
            workspace=workspace,
            environment=agent_environment(
                subject.settings.env, markers(NO_TASK, self.marker), subject.variables.all
            ),
            secrets=subject.secrets,
            model=subject.model,
            provider=subject.provider,
            state=subject.state,
            may_write=may_write,
        )
        launcher = await to_thread.run_sync(self._launcher, job)
        environment = {**job.environment, **launcher.variables}
        return replace(job, launcher=launcher.prefix, environment=environment)

    def _launcher(self, job: Job) -> Launcher:
        subject = self.subject
        read, write = belongings_of(
            subject.agent, subject.settings, subject.state, job.environment, job.provider
        )
        return self.shelter.launcher(
            read=read, write=(job.workspace, *write), nests=subject.settings.nests
        )


@contextmanager
def _scratch() -> Iterator[Path]:
    """Give a folder that is nobody's, and goes."""
    with tempfile.TemporaryDirectory(prefix="deputize-check-", ignore_cleanup_errors=True) as made:
        yield Path(made).resolve()


def _with_hint(message: str, hint: str | None) -> str:
    return f"{message} ({hint})" if hint else message
