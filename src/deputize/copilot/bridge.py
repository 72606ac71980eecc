"""One Copilot runtime that serves requests, one or several at a time, until it is stopped."""

from __future__ import annotations

import math
import os
import time
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Self

import anyio
from anyio import to_thread

from deputize.agents.base import Report
from deputize.agents.copilot.agent import PATIENCE_SECONDS, log_level_of, report_of
from deputize.agents.copilot.find import find_copilot
from deputize.agents.copilot.login import login_of
from deputize.clock import SystemClock
from deputize.config.dotenv import read_variables
from deputize.config.home import Home, ensure, find_home
from deputize.config.load import load_config
from deputize.copilot.gathering import Gathering, failed
from deputize.copilot.narrowing import narrowing
from deputize.copilot.obedience import require_obedience
from deputize.copilot.request import BridgeStatus, CodingTaskRequest, DeltaKind, StreamingDelta
from deputize.copilot.setting import AGENT, Setting
from deputize.errors import AgentError
from deputize.hooks.documents import Setting as Session
from deputize.model.outcome import Outcome
from deputize.workshop import alone
from deputize.workspace.processes.containment import containment_prefix
from deputize.workspace.sandbox.shelter import AUTO, OFF

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from deputize.agents.base import AgentEvent, Emit, Gate, Job
    from deputize.agents.copilot.login import Login
    from deputize.agents.copilot.sdk import Runtime
    from deputize.copilot.request import CodingTaskResult

READY = CodingTaskRequest(prompt="Are you there?")
"""A request with nothing of its own: its login is that of the settings."""
PING_SECONDS = 5.0
SHARED_LEVELS = frozenset({AUTO, OFF})


class Bridge:
    """Carries out prompts with Copilot in folders of this machine. For asyncio only.

    The runtime is started when it is first needed, and again where it has died.
    """

    def __init__(
        self,
        home: str | os.PathLike[str] | None = None,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Use the settings of `home`, and the tokens and keys that are in `environment`.

        Without them, those that the command line would find. Home's `.env` lies below either.
        """
        self._home = find_home() if home is None else Home(Path(home).expanduser().absolute())
        self._source = os.environ if environment is None else environment
        self._runtime: Runtime | None = None
        self._turn = anyio.Lock()

    async def __aenter__(self) -> Self:
        """Return itself; the runtime is started when it is first needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    async def ensure_ready(self) -> None:
        """Return once the runtime answers and has a login.

        AgentError says what is in the way; ConfigError or InvalidInput, what is wrong in settings.
        """
        setting = self._setting()
        login = login_of(setting.job(READY))
        runtime = await self._connected(setting)
        if not await self.is_ready():
            hint = "`stop` the bridge, then ask again"
            raise failed(Outcome.AGENT_CRASHED, "the Copilot runtime does not answer", hint)
        await _require_login(runtime, login)

    async def is_ready(self) -> bool:
        """Tell whether the runtime answers; it is not started for that."""
        runtime = self._runtime
        if runtime is None or runtime.has_ended:
            return False
        try:
            with anyio.fail_after(PING_SECONDS):
                await runtime.version()
        except (AgentError, TimeoutError):
            return False
        return True

    async def get_status(self) -> BridgeStatus:
        """Say whether the runtime answers, and by which login; it is not started for that."""
        setting = self._setting()
        job = setting.job(READY)
        runtime = self._runtime if await self.is_ready() else None
        method = setting.served(READY).link
        if login_of(job).is_stored and (runtime is None or await runtime.user() is None):
            method = "none"
        if runtime is None:
            return BridgeStatus(connected=False, auth_method=method)
        version = await runtime.version()
        return BridgeStatus(connected=True, auth_method=method, version=version, pid=runtime.pid)

    async def run(self, request: CodingTaskRequest) -> CodingTaskResult:
        """Carry out a request and return what came of it.

        InvalidInput or ConfigError where it can't be asked as it is.
        """
        return await self._carry_out(request, lambda _: None)

    @asynccontextmanager
    async def stream(
        self, request: CodingTaskRequest
    ) -> AsyncIterator[AsyncIterator[StreamingDelta]]:
        """Carry out a request and give its deltas as they come; the last one has the result.

        Who leaves the block earlier stops the run.
        """
        send, receive = anyio.create_memory_object_stream[StreamingDelta](math.inf)

        async def carry_out() -> None:
            with send:
                result = await self._carry_out(request, send.send_nowait)
                if result.error is not None:
                    told = StreamingDelta(kind=DeltaKind.ERROR, content=result.error.message)
                    send.send_nowait(told)
                send.send_nowait(StreamingDelta(kind=DeltaKind.DONE, result=result))

        with receive, alone():
            async with anyio.create_task_group() as group:
                group.start_soon(carry_out)
                yield receive
                group.cancel_scope.cancel()

    async def stop(self) -> None:
        """End the runtime with all that it started, by force where it doesn't end by itself.

        A request that runs ends as crashed; the next one starts a runtime anew.
        """
        async with self._turn:
            await self._close()

    async def _carry_out(
        self, request: CodingTaskRequest, tell: Callable[[StreamingDelta], None]
    ) -> CodingTaskResult:
        begun = time.monotonic()
        gathering = Gathering(lambda: time.monotonic() - begun)

        def emit(event: AgentEvent) -> None:
            delta = gathering.hear(event)
            if delta is not None:
                tell(delta)

        error = f"it took longer than {request.timeout:g} s"
        report = Report(outcome=Outcome.TIME_LIMIT, error=error)
        with anyio.move_on_after(request.timeout):
            report = await self._report(request, emit)
        return gathering.result(report)

    async def _report(self, request: CodingTaskRequest, emit: Emit) -> Report:
        clock = SystemClock()
        try:
            setting = self._setting()
            job = setting.job(request)
            session = Session(role=request.role, agent=AGENT, workspace=str(job.workspace))
            secrets = job.secrets.values()
            async with narrowing(setting.config, session, request.session_id, secrets) as narrow:
                gate = setting.gate(request, job.workspace, narrow)
                return await self._prompted(setting, job, gate, emit)
        except AgentError as error:
            return report_of(error, clock.now())

    async def _prompted(self, setting: Setting, job: Job, gate: Gate, emit: Emit) -> Report:
        login = login_of(job)
        runtime = await self._connected(setting)
        await _require_login(runtime, login)

        from deputize.agents.copilot.run import Prompting

        prompting = Prompting(
            runtime, gate, emit, patience_seconds=PATIENCE_SECONDS, clock=SystemClock()
        )
        try:
            return await prompting.see_through(job, login)
        finally:
            await prompting.leave()

    def _setting(self) -> Setting:
        variables = read_variables(self._home, self._source)
        return Setting(home=self._home, config=load_config(self._home.config), source=variables)

    async def _connected(self, setting: Setting) -> Runtime:
        """Return the runtime, started where none runs; AgentError where that can't be."""
        async with self._turn:
            if self._runtime is None or self._runtime.has_ended:
                await self._close()
                self._runtime = await self._started(setting)
            return self._runtime

    async def _started(self, setting: Setting) -> Runtime:
        found = find_copilot(setting.agent.path, setting.source.all)
        if found.path is None:
            raise failed(Outcome.AGENT_MISSING, found.problem or "it was not found", found.hint)
        await to_thread.run_sync(require_obedience, self._home, found.version)
        # Loading the SDK takes a second: not in the thread of the caller's event loop.
        await to_thread.run_sync(import_module, "deputize.agents.copilot.run")
        from deputize.agents.copilot.run import opened
        from deputize.agents.copilot.sdk import Launch

        for folder in (self._home.path, self._home.agents, setting.state):
            ensure(folder)
        launch = Launch(
            program=found.path,
            workspace=setting.state,
            environment=setting.environment,
            launcher=await to_thread.run_sync(_launcher, setting),
            state=None if setting.uses_stored_login else setting.state,
            uses_stored_login=setting.uses_stored_login,
            log_level=log_level_of(setting.source.all),
        )
        return await opened(launch)

    async def _close(self) -> None:
        runtime, self._runtime = self._runtime, None
        if runtime is not None:
            await runtime.close()


def _launcher(setting: Setting) -> tuple[str, ...]:
    """Return what starts the runtime; AgentError where a sandbox is asked for.

    It serves requests in folders that are not known yet: none can be shut into its own.
    """
    if setting.config.sandbox.level not in SHARED_LEVELS:
        message = f"the bridge can't keep to the sandbox {setting.config.sandbox.level!r}"
        hint = 'add a task instead (`deputize add`), or set `sandbox.level` to "auto" or "off"'
        raise failed(Outcome.POLICY_DENIED, message, hint)
    return () if setting.config.sandbox.is_off else containment_prefix()


async def _require_login(runtime: Runtime, login: Login) -> None:
    if login.is_stored and await runtime.user() is None:
        raise failed(Outcome.AUTH_FAILED, "Copilot has no login on this machine")
