"""One Copilot runtime and the sessions in it."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import anyio
from anyio import to_thread
from copilot import CopilotClient, CopilotSession, RuntimeConnection
from copilot._jsonrpc import ProcessExitedError
from copilot.rpc import (
    PermissionDecisionRequest,
    SessionsSaveRequest,
    SessionUpdateOptionsParams,
    ShellInitScript,
    ShellInitScriptShell,
    ShellOptions,
)

from deputize import log
from deputize.agents.copilot.permission import answers, pre_tool_use
from deputize.agents.copilot.reading import hold_back
from deputize.errors import AgentError, ProcessError
from deputize.model.outcome import Outcome
from deputize.workspace.processes import reaper
from deputize.workspace.processes.environment import RUN
from deputize.workspace.processes.identity import ProcessIdentity, identify
from deputize.workspace.processes.program import KILLED_BASE, end_tree, open_pidfd
from deputize.workspace.processes.shared import end_all_but, end_attempt_in, megabytes_of

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from copilot.session_events import SessionEvent

    from deputize.agents.copilot.login import Login
    from deputize.agents.copilot.permission import Ask

OWN_SESSION = "import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])"
"""Leads a session of its own, out of reach of a terminal's Ctrl-C, and becomes the runtime."""
QUIET = {"COPILOT_GITHUB_TELEMETRY_DISABLED": "true", "COPILOT_AUTO_UPDATE": "false"}
WATCH_SECONDS = 0.2
"""How often it is looked whether the runtime still runs, where the system tells no end."""
STOP_SECONDS = 5.0
"""How long the runtime may take to write its session down and leave."""
FORCE_SECONDS = 3.0

Hear = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Which runtime to start, and what it gets."""

    program: str
    workspace: Path
    environment: Mapping[str, str]
    launcher: tuple[str, ...]
    """What stands before it and starts it inside of something."""
    state: Path | None
    """Where it keeps its sessions; None leaves them where the stored login is."""
    uses_stored_login: bool
    log_level: str
    """How much it writes into the folder of its logs."""
    token: str | None = field(default=None, repr=False)
    """Only for a runtime that serves no session: what it starts could read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a session is to work with, and where."""

    login: Login
    model: str | None
    workspace: Path
    streaming: bool
    name: str | None = None
    """What a new session is called; the runtime chooses where nobody does."""
    shell_script: Path | None = None
    """What shells read before each command of the session."""


class Runtime:
    """A runtime that runs, with the sessions that are open in it."""

    def __init__(self, launch: Launch) -> None:
        """Prepare to start what `launch` says."""
        self._marker = secrets.token_hex(16)
        self._identity: ProcessIdentity | None = None
        self._sessions: dict[str, CopilotSession] = {}
        leader = (sys.executable, "-I", "-S", "-c", OWN_SESSION)
        path, *arguments = (*leader, *launch.launcher, launch.program)
        self._client = CopilotClient(
            connection=RuntimeConnection.for_stdio(path=path, args=tuple(arguments)),
            working_directory=str(launch.workspace),
            env={**launch.environment, **QUIET, RUN: self._marker},
            base_directory=None if launch.state is None else str(launch.state),
            use_logged_in_user=launch.uses_stored_login,
            github_token=launch.token,
            log_level=cast("Any", launch.log_level),
        )

    async def start(self) -> None:
        """Start it; raises AgentError."""
        with _translated():
            await self._client.start()
        hold_back(self._client)
        self._identity = identify(self.pid)
        if self._identity is not None:
            reaper.claim(self._identity)

    @property
    def pid(self) -> int:
        """Its process number; raises AgentError where it was not started."""
        return self._started().pid

    async def version(self) -> str:
        """Have it answer, and return which version it says it is; raises AgentError."""
        with _translated():
            await self._client.ping("deputize")
            return (await self._client.get_status()).version

    async def user(self) -> str | None:
        """Return who is logged in, before any session; None for nobody. Raises AgentError."""
        with _translated():
            status = await self._client.get_auth_status()
        return (status.login or status.authType or "somebody") if status.isAuthenticated else None

    async def open(self, wanted: Wanted, *, resume: str | None, hear: Hear, ask: Ask) -> str:
        """Begin a session, or take up `resume`, and return its id; raises AgentError.

        What asks and what is asked are the same in both: a resumed session has no rights of before.
        """
        options = _options(wanted, hear, ask)
        with _translated():
            if resume is None:
                session = await self._client.create_session(session_id=wanted.name, **options)
            else:
                session = await self._client.resume_session(
                    resume, continue_pending_work=True, **options
                )
            if wanted.shell_script is not None:
                await session.rpc.options.update(_reading(wanted.shell_script))
        self._sessions[session.session_id] = session
        return session.session_id

    async def answer_pending(self, session: str, ask: Ask) -> bool:
        """Answer what a session was waiting for when its last process died; raises AgentError.

        Tells whether there was anything: the session then goes on with that turn first.
        """
        permissions, answer = self._sessions[session].rpc.permissions, answers(ask)
        with _translated():
            pending = (await permissions.pending_requests()).items
            for each in pending:
                result = await answer(each.request, None)
                told = PermissionDecisionRequest(request_id=each.request_id, result=result)
                await permissions.handle_pending_permission_request(told)
        return bool(pending)

    async def send(self, session: str, prompt: str) -> None:
        """Give a session a prompt; raises AgentError."""
        with _translated():
            await self._sessions[session].send(prompt)

    async def save(self, session: str) -> None:
        """Have a session written down as far as it has come; raises AgentError."""
        with _translated():
            await self._client.rpc.sessions.save(SessionsSaveRequest(session_id=session))

    async def abort(self, session: str) -> None:
        """Have a session stop its tools; raises AgentError."""
        with _translated():
            await self._sessions[session].abort()

    async def leave(self, session: str) -> None:
        """Let go of a session, which can be resumed later; raises AgentError."""
        with _translated():
            await self._sessions.pop(session).disconnect()

    @property
    def has_ended(self) -> bool:
        """Tell whether its process is not there, or not any more."""
        process = self._process()
        return process is None or process.poll() is not None

    async def gone(self) -> int:
        """Wait until the runtime has ended; return its exit code as a shell tells it."""
        process = self._started()
        # Nothing tells that it ended but the process itself: the SDK goes on waiting.
        if await _has_told_end(process.pid):
            # A thread of the SDK may be about to collect it, and to poll meanwhile tells nothing.
            await to_thread.run_sync(process.wait)
        while (code := process.poll()) is None:  # noqa: ASYNC110 - only where there is no event
            await anyio.sleep(WATCH_SECONDS)
        return code if code >= 0 else KILLED_BASE - code

    async def end_strays(self, attempt_marker: str, folder: Path) -> None:
        """End what an attempt has left in it; raises ProcessError if that can't be done."""
        if self._identity is not None:
            told = (self._identity, self._marker, attempt_marker, folder)
            await _aside(partial(end_attempt_in, *told))

    async def settle(self) -> None:
        """See `pool.Client.settle`."""
        if self._identity is not None:
            await _aside(partial(end_all_but, self._identity, self._marker))

    def megabytes(self) -> float:
        """See `pool.Client.megabytes`."""
        return 0.0 if self._identity is None else megabytes_of(self._identity)

    async def close(self) -> None:
        """End it with everything that it started; raises ProcessError if that can't be done."""
        process = self._process()
        with anyio.CancelScope(shield=True):
            if process is not None and process.poll() is None:
                await _within(STOP_SECONDS, self._client.stop)
            roots = [] if self._identity is None else [self._identity]
            await end_tree(self._marker, roots)
            await _within(FORCE_SECONDS, self._client.force_stop)
        if self._identity is not None:
            reaper.disclaim(self._identity)
        if process is not None:
            _collect(process)

    def _started(self) -> subprocess.Popen[bytes]:
        process = self._process()
        if process is None:
            raise AgentError(Outcome.AGENT_CRASHED, "the Copilot runtime is not there")
        return process

    def _process(self) -> subprocess.Popen[bytes] | None:
        # The SDK has no public way to the process that it starts.
        return cast("subprocess.Popen[bytes] | None", self._client._cli_process)  # noqa: SLF001


def _options(wanted: Wanted, hear: Hear, ask: Ask) -> dict[str, Any]:
    options: dict[str, Any] = {
        "client_name": "deputize",
        "model": wanted.model,
        "provider": wanted.login.provider,
        "github_token": wanted.login.token,
        "streaming": wanted.streaming,
        "include_sub_agent_streaming_events": False,
        "working_directory": str(wanted.workspace),
        "on_event": lambda event: _tell(event, hear),
        "on_permission_request": answers(ask),
        "hooks": {"on_pre_tool_use": pre_tool_use(ask)},
        # What a repository says may instruct an agent, but not run programs behind the gate.
        "enable_file_hooks": False,
        "enable_config_discovery": False,
        "enable_session_telemetry": False,
    }
    return {name: value for name, value in options.items() if value is not None}


def _reading(script: Path) -> SessionUpdateOptionsParams:
    """Say that shells read a script before each command; that can't be said as one is begun."""
    entry = ShellInitScript(path=str(script), shell=ShellInitScriptShell.BASH)
    return SessionUpdateOptionsParams(shell=ShellOptions(init_scripts=[entry]))


async def _aside(work: Callable[[], None]) -> None:
    with anyio.CancelScope(shield=True):
        await to_thread.run_sync(work)


def _tell(event: SessionEvent, hear: Hear) -> None:
    data = event.to_dict().get("data")
    hear(event.type.value, data if isinstance(data, dict) else {})


async def _within(seconds: float, stop: Callable[[], Awaitable[None]]) -> None:
    """Give a way of stopping some time; what it fails at is done by harder ones."""
    try:
        with anyio.move_on_after(seconds):
            await stop()
    except Exception as exc:  # noqa: BLE001 - the SDK raises whatever its layers raise
        log.get("copilot").warning("the runtime did not stop as it should", error=repr(exc))


def _collect(process: subprocess.Popen[bytes]) -> None:
    """Take the exit code and close the pipes, which the SDK leaves open."""
    if process.poll() is None:
        raise ProcessError(f"process {process.pid} of the Copilot runtime could not be ended")
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ProcessExitedError as exc:
        raise AgentError(Outcome.AGENT_CRASHED, str(exc)) from exc
    except Exception as exc:  # the SDK raises whatever its layers raise
        raise AgentError(Outcome.AGENT_ERROR, str(exc) or type(exc).__name__) from exc


async def _has_told_end(pid: int) -> bool:
    """Wait until the system tells that a process has ended; False where it tells no such thing.

    A process that somebody has collected already is not waited for.
    """
    descriptor = open_pidfd(pid)
    if descriptor is None:
        return False
    try:
        await anyio.wait_readable(descriptor)
    finally:
        os.close(descriptor)
    return True
