"""Whether one Copilot client serves its sessions in parallel: the bare SDK, and a model of 2 s."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import anyio
from copilot import CopilotClient, PermissionHandler, RuntimeConnection

from bench.agents.stage import RUNTIME, served
from bench.verdict import note
from deputize.demo.model import MODEL_NAME, Scene, Script, Turn

SESSIONS = 3
SLOW_SECONDS = 2.0
PARALLEL_BELOW = 1.5
"""In times of what one session takes: in a row they would take three."""


def measure() -> None:
    """Measure and print what was found."""
    slow = Turn(say="Here I am.", delay_seconds=SLOW_SECONDS)
    script = Script(scenes=(Scene(name="slow", turns=(slow,)),))
    with tempfile.TemporaryDirectory(prefix="deputize-bench-") as temporary:
        folder = Path(temporary)
        with served(script, folder) as model:
            alone, together = anyio.run(_both, folder, model.openai_url)
    note(f"one session {alone:.2f} s, {SESSIONS} sessions of one client {together:.2f} s")
    found = "parallel" if together < PARALLEL_BELOW * alone else "serialized"
    print(f"RESULT: {found}", flush=True)


async def _both(folder: Path, url: str) -> tuple[float, float]:
    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=str(RUNTIME)),
        use_logged_in_user=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)},
        base_directory=str(folder / ".copilot"),
    )
    async with client:
        return await _seconds(client, folder, url, 1), await _seconds(client, folder, url, SESSIONS)


async def _seconds(client: CopilotClient, folder: Path, url: str, count: int) -> float:
    sessions = [
        await client.create_session(
            on_permission_request=PermissionHandler.approve_all,
            model=MODEL_NAME,
            provider={"type": "openai", "base_url": url, "api_key": "dummy"},
            working_directory=str(folder),
        )
        for _ in range(count)
    ]
    began = time.perf_counter()
    async with anyio.create_task_group() as group:
        for session in sessions:
            group.start_soon(session.send_and_wait, "Are you there?")
    return time.perf_counter() - began
