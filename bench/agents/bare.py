"""The least that drives Copilot: a script with its SDK and nothing else, told what to do on stdin.

Each line of its input names a folder and a prompt; it answers with the seconds that a runtime took
from its start until it was stopped. Its own start is in no figure: a worker's isn't either.
"""

from __future__ import annotations

import json
import os
import sys
import time
from functools import partial

import anyio
from copilot import CopilotClient, PermissionHandler, RuntimeConnection


async def main(runtime: str, url: str, model: str) -> None:
    """Do what is asked for, line by line."""
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        await _once(runtime, url, model, **asked)
        print(time.perf_counter() - began, flush=True)


async def _once(runtime: str, url: str, model: str, *, folder: str, prompt: str) -> None:
    client = CopilotClient(
        connection=RuntimeConnection.for_stdio(path=runtime),
        use_logged_in_user=False,
        env={**os.environ, "COPILOT_GITHUB_TELEMETRY_DISABLED": "true"},
        base_directory=os.environ["HOME"] + "/.copilot",
    )
    await client.start()
    session = await client.create_session(
        on_permission_request=PermissionHandler.approve_all,
        model=model,
        provider={"type": "openai", "base_url": url, "api_key": "dummy"},
        streaming=True,
        working_directory=folder,
    )
    await session.send_and_wait(prompt, timeout=60)
    await session.disconnect()
    await client.stop()


if __name__ == "__main__":
    _, *words = sys.argv
    anyio.run(partial(main, *words))
