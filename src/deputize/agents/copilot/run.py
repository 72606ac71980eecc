"""One prompt to Copilot, from starting the runtime until its last process is gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import Noted, ProcessStarted, Report, SessionStarted
from deputize.agents.copilot.login import login_of
from deputize.agents.copilot.narration import Narrator, Trouble
from deputize.agents.copilot.sdk import Launch, Runtime, Wanted
from deputize.errors import AgentError
from deputize.model.outcome import Outcome
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from deputize.agents.base import Emit, Gate, Job
    from deputize.agents.copilot.login import Login
    from deputize.clock import Clock
    from deputize.model.policy import Action

START_SECONDS = 60.0
"""How long a runtime may take until it answers; its first start on a machine is its slowest."""
ABORT_SECONDS = 3.0
"""How long the session may take to stop its tools."""
TURN_STARTED = "assistant.turn_start"
"""Told once everything that the next answer of the model builds on has happened."""
UNDECIDED = Decision(verdict=Verdict.DENY, rule="undecided", reason="the gate could not decide")
TOO_LATE = Decision(verdict=Verdict.DENY, rule="too late", reason="the session is over")


async def run(
    program: str,
    job: Job,
    gate: Gate,
    emit: Emit,
    *,
    log_level: str,
    patience_seconds: float,
    clock: Clock,
) -> Report:
    """Start the runtime `program`, give it the job, and end it; raises AgentError."""
    login = login_of(job)
    runtime = await opened(launch_of(program, job, login, log_level=log_level))
    try:
        emit(ProcessStarted(pid=runtime.pid))
        prompting = Prompting(runtime, gate, emit, patience_seconds=patience_seconds, clock=clock)
        return await prompting.see_through(job, login)
    finally:
        await runtime.close()


def launch_of(program: str, job: Job, login: Login, *, log_level: str) -> Launch:
    """Say how the runtime of a job is started."""
    return Launch(
        program=program,
        workspace=job.workspace,
        environment=job.environment,
        launcher=job.launcher,
        # A login is stored beside the sessions, so who uses it keeps them there.
        state=None if login.is_stored else job.state,
        uses_stored_login=login.is_stored,
        log_level=log_level,
    )


async def opened(launch: Launch) -> Runtime:
    """Return a runtime that has been started; raises AgentError."""
    runtime = Runtime(launch)
    try:
        await start(runtime)
    except BaseException:
        await runtime.close()
        raise
    return runtime


async def start(runtime: Runtime) -> None:
    """Start a runtime; raises AgentError."""
    with anyio.move_on_after(START_SECONDS):
        await runtime.start()
        return
    message = f"the Copilot runtime did not answer within {START_SECONDS:g} s of its start"
    raise AgentError(Outcome.AGENT_ERROR, message)


class Prompting:
    """A prompt on its way through a session, and whatever may end it."""

    def __init__(
        self,
        runtime: Runtime,
        gate: Gate,
        emit: Emit,
        *,
        patience_seconds: float,
        clock: Clock,
        shell_script: Path | None = None,
    ) -> None:
        """Use a runtime that has been started; shells read `shell_script` before each command."""
        self._shell_script = shell_script
        self._has_left = self._goes_on = False
        self._unsaved = anyio.Event()
        self._runtime = runtime
        self._gate = gate
        self._emit = emit
        self._patience_seconds = patience_seconds
        self._clock = clock
        self._narrator = Narrator(clock.now)
        self._over = anyio.Event()
        self._limited = anyio.Event()
        self._exit_code: int | None = None
        self._given_up: Trouble | None = None
        self._failure: Exception | None = None
        self._session: str | None = None

    async def see_through(self, job: Job, login: Login) -> Report:
        """Open the session, give the prompt, and wait for what ends it first; raises AgentError."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch, tasks.cancel_scope)
            tasks.start_soon(self._lose_patience)
            tasks.start_soon(self._save)
            try:
                await self._prompt(job, login)
            except AgentError as exc:
                self._failure = self._failure or exc
            finally:
                await self._abort()
            tasks.cancel_scope.cancel()
        if self._exit_code is not None:
            return self._crashed(self._exit_code)
        if self._failure is not None:
            raise self._failure
        return self._report()

    async def _prompt(self, job: Job, login: Login) -> None:
        session, job = await self._open(job, login)
        self._session = session
        self._emit(SessionStarted(token=session, asks=True))
        pending = await self._runtime.answer_pending(session, self._ask)
        self._narrator.begin(in_the_middle=pending)
        await self._runtime.send(session, job.said)
        self._unsaved.set()
        await self._over.wait()

    async def _open(self, job: Job, login: Login) -> tuple[str, Job]:
        """Return the session, and the job, which has none where another one had to be begun."""
        if job.session is not None and job.begins:
            return await self._begin(job, login, name=job.session), job
        if job.session is not None:
            try:
                return await self._begin(job, login, resume=job.session), job
            except AgentError as exc:
                if exc.outcome == Outcome.AGENT_CRASHED:
                    raise
                told = f"a new session is begun: {job.session} can't be resumed: {exc.message}"
                self._emit(Noted(text=told))
        return await self._begin(job, login), replace(job, session=None)

    async def _begin(
        self, job: Job, login: Login, *, resume: str | None = None, name: str | None = None
    ) -> str:
        wanted = Wanted(
            login=login,
            model=job.model,
            workspace=job.workspace,
            streaming=job.streaming,
            name=name,
            shell_script=self._shell_script,
        )
        return await self._runtime.open(wanted, resume=resume, hear=self._hear, ask=self._ask)

    async def _watch(self, scope: anyio.CancelScope) -> None:
        self._exit_code = await self._runtime.gone()
        self._emit(Noted(text=_gone(self._exit_code)))
        scope.cancel()

    async def _save(self) -> None:
        """Have the session written down before each answer: the runtime takes its time with that.

        Whoever is killed meanwhile is gone on from there.
        """
        while True:
            await self._unsaved.wait()
            self._unsaved = anyio.Event()
            if self._session is not None:
                with suppress(AgentError):
                    await self._runtime.save(self._session)

    async def _lose_patience(self) -> None:
        """Give up when the provider's limit lasts: a slot is not for waiting."""
        while self._given_up is None:
            await self._limited.wait()
            limit = self._narrator.limit
            if limit is not None and not self._lasts(limit):
                await anyio.sleep(self._patience_seconds)
            if limit is not None and limit is self._narrator.limit:
                self._given_up = limit
                self._over.set()
            self._limited = anyio.Event()
            if self._narrator.limit is not None:
                self._limited.set()

    def _lasts(self, limit: Trouble) -> bool:
        """Tell whether a limit is known to last longer than we are patient."""
        if limit.failure.outcome is Outcome.QUOTA_SPENT:
            return True
        retry_at = limit.failure.retry_at
        seconds = 0.0 if retry_at is None else (retry_at - self._clock.now()).total_seconds()
        return seconds > self._patience_seconds

    async def _abort(self) -> None:
        """Stop what is not over by itself: on cancellation, on a limit, where the gate failed."""
        if self._session is None or self._narrator.is_over or self._exit_code is not None:
            return
        self._goes_on = True
        with anyio.move_on_after(ABORT_SECONDS, shield=True):
            try:
                await self._runtime.abort(self._session)
                self._goes_on = False
            except AgentError as exc:
                self._emit(Noted(text=f"the session could not be stopped: {exc.message}"))

    async def leave(self) -> bool:
        """Let go of the session in a runtime that goes on; tell whether nothing is left of it.

        From now on nothing is heard of it, and whatever it still asks for is denied.
        """
        self._has_left = True
        if self._session is None or self._runtime.has_ended:
            return False
        with suppress(AgentError), anyio.move_on_after(ABORT_SECONDS, shield=True):
            await self._runtime.leave(self._session)
            return not self._goes_on
        return False

    def _hear(self, kind: str, data: Mapping[str, object]) -> None:
        if self._has_left:
            return
        for event in self._narrator.hear(kind, data):
            self._emit(event)
        if kind == TURN_STARTED:
            self._unsaved.set()
        if self._narrator.limit is not None:
            self._limited.set()
        if self._narrator.is_over:
            self._over.set()

    async def _ask(self, action: Action) -> Decision:
        """Ask the gate; where it fails nothing is done, and the run ends with that failure."""
        if self._has_left:
            return TOO_LATE
        try:
            return await self._gate(action)
        except Exception as exc:  # noqa: BLE001 - raised by `see_through`
            self._failure = exc
            self._over.set()
            return UNDECIDED

    def _crashed(self, exit_code: int) -> Report:
        error = f"{_gone(exit_code)} before it was done"
        return Report(outcome=Outcome.AGENT_CRASHED, exit_code=exit_code, error=error)

    def _report(self) -> Report:
        answer = self._narrator.answer
        trouble = self._given_up or self._narrator.error
        if trouble is not None:
            failure = trouble.failure
            return Report(
                outcome=failure.outcome,
                answer=answer,
                error=trouble.text,
                retry_at=failure.retry_at,
            )
        if self._narrator.was_aborted:
            error = "the session was aborted"
            return Report(outcome=Outcome.AGENT_ERROR, answer=answer, error=error)
        return Report(outcome=Outcome.SUCCEEDED, answer=answer)


def _gone(exit_code: int) -> str:
    return f"the Copilot runtime ended with exit code {exit_code}"
