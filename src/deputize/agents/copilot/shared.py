"""One prompt to a Copilot runtime that serves several attempts at once."""

from __future__ import annotations

import os
import shlex
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from deputize.agents.base import Noted, ProcessStarted
from deputize.agents.copilot.login import login_of
from deputize.agents.copilot.run import Prompting, launch_of, opened
from deputize.agents.pool.key import common, digest, own, version_of
from deputize.workspace.processes.environment import ATTEMPT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from deputize.agents.base import Emit, Gate, Job, Report
    from deputize.agents.copilot.login import Login
    from deputize.agents.copilot.sdk import Launch, Runtime
    from deputize.agents.pool.pool import Loan, Pool
    from deputize.clock import Clock

PREFIX, SUFFIX = "shell-", ".sh"
LITTER_SECONDS = 7 * 86400
"""So old a script is no session's any more: its worker was killed."""
WAITS = "it waits until one of the runtimes that others use is free to go"


class Sharing:
    """The runtimes of a pool, as jobs are given to them."""

    def __init__(self, pool: Pool) -> None:
        """Use the runtimes of `pool`."""
        self._pool = pool

    async def run(
        self,
        program: str,
        job: Job,
        gate: Gate,
        emit: Emit,
        *,
        log_level: str,
        patience_seconds: float,
        clock: Clock,
    ) -> Report:
        """Give a job to a runtime, and end what it started there; raises AgentError."""
        login, variables = login_of(job), own(job.environment)
        launch = _shared(launch_of(program, job, login, log_level=log_level), job, self._pool.mark)
        key, start = key_of(launch, login), partial(opened, launch)
        async with self._pool.lent(key, start, waits=lambda: emit(Noted(text=WAITS))) as loan:
            emit(ProcessStarted(pid=loan.client.pid, shared=True))
            with _script(self._pool.folder, variables) as script:
                prompting = Prompting(
                    loan.client,
                    gate,
                    emit,
                    patience_seconds=patience_seconds,
                    clock=clock,
                    shell_script=script,
                )
                try:
                    return await prompting.see_through(job, login)
                finally:
                    mark = variables.get(ATTEMPT, "")
                    await _let_go(loan, prompting, mark, job.workspace)


async def _let_go(loan: Loan[Runtime], prompting: Prompting, mark: str, folder: Path) -> None:
    """End the session and what it has started; where that can't be done nobody else gets it."""
    loan.tainted = True
    with anyio.CancelScope(shield=True):
        has_left = await prompting.leave()
        await loan.client.end_strays(mark, folder)
    loan.tainted = not has_left


def key_of(launch: Launch, login: Login) -> str:
    """Return what tells runtimes apart: a digest of all that one was started with.

    The login is in it too, though sessions bring their own: nobody shares memory with another key.
    """
    return digest(
        (launch.program, version_of(launch.program), str(launch.workspace)),
        sorted(launch.environment.items()),
        (launch.launcher, str(launch.state), launch.uses_stored_login, launch.log_level),
        (login.token, sorted((login.provider or {}).items())),
    )


def _shared(launch: Launch, job: Job, mark: str) -> Launch:
    """Say how a runtime is started of which nothing belongs to one attempt."""
    folder = job.state or Path(tempfile.gettempdir())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return replace(launch, workspace=folder, environment=common(job.environment, mark))


@contextmanager
def _script(folder: Path | None, variables: Mapping[str, str]) -> Iterator[Path]:
    """Give a script that puts an attempt's own variables into whatever its commands start.

    It doesn't lie in the agent's own folder: there the gate lets any attempt write.
    """
    if folder is not None:
        _sweep(folder)
    descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX, dir=folder)
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as script:
            script.writelines(lines)
        yield Path(name)
    finally:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - as mkstemp named it


def _sweep(folder: Path) -> None:
    """Remove what is left of sessions whose worker was killed."""
    for script in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            if script.stat().st_mtime < time.time() - LITTER_SECONDS:
                script.unlink()
