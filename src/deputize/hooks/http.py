"""A hook that is an address: the document is POSTed, the answer is the body of what comes back.

Redirects are not followed, and the address is in no message: its path is often a secret.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import anyio
from anyio import to_thread

from deputize.errors import ConfigError
from deputize.hooks.answers import MOST_BYTES
from deputize.hooks.reply import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

REDIRECTS = range(300, 400)
HEADERS = {
    "content-type": "application/json",
    "user-agent": "deputize",
    "accept-encoding": "identity",  # what is packed may unpack without end
}


class HttpCaller:
    """Posts each document by one client, made when it is first needed."""

    def __init__(self, name: str, url: str) -> None:
        """Post to `url`; ConfigError where this can't speak HTTP."""
        if find_spec("httpx") is None:
            hint = "pip install 'deputize[notify]'"
            raise ConfigError(f"hook {name!r}: an address needs httpx", hint=hint)
        self._url = url
        self._client: httpx.AsyncClient | None = None
        self._turn = anyio.Lock()

    async def call(self, document: bytes, marks: Mapping[str, str], seconds: float) -> Reply:
        """Post it; see `Caller.call`."""
        del marks  # nothing is started here
        with anyio.move_on_after(seconds):
            return await self._post(await self._opened(), document)
        return Reply(problem=f"it took longer than {seconds:g} s")

    async def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            await self._client.aclose()

    async def _opened(self) -> httpx.AsyncClient:
        async with self._turn:
            if self._client is None:
                # Importing it and reading certificates takes a while: not in this event loop.
                self._client = await to_thread.run_sync(_client)
            return self._client

    async def _post(self, client: httpx.AsyncClient, document: bytes) -> Reply:
        import httpx

        body = bytearray()
        try:
            request = client.stream("POST", self._url, content=document, headers=HEADERS)
            async with request as response:
                if problem := _problem(response.status_code):
                    return Reply(problem=problem)
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > MOST_BYTES:  # it may be endless
                        break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return Reply(problem=f"no answer: {type(error).__name__}")
        return Reply(content=bytes(body))


def _problem(status: int) -> str | None:
    if status in REDIRECTS:
        return f"it redirects to another address ({status}): configure that one"
    return None if 200 <= status < 300 else f"it answered {status}"  # noqa: PLR2004 - success


def _client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=None, follow_redirects=False)  # noqa: S113 - the caller's
