"""A webhook: the document is POSTed to an address.

The headers `webhook-id` and `webhook-timestamp` are those of Standard Webhooks 1.0: the id is the
same each time that a message is delivered. Any 2xx answer counts as delivered. Redirects are not
followed, and the address is in no message of ours, for its path is often a secret.
"""

from __future__ import annotations

import json
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anyio import to_thread

from deputize.errors import ConfigError

if TYPE_CHECKING:
    import httpx

    from deputize.notify.message import Message

TIMEOUT_SECONDS = 30.0
REDIRECTS = range(300, 400)


class WebhookChannel:
    """Tells by a POST request."""

    def __init__(self, name: str, kinds: frozenset[str], url: str | None) -> None:
        """Post to `url`; ConfigError where it is none, or where this can't speak HTTP."""
        if not _is_web_address(url):
            hint = "it begins with https:// or http:// and names a host"
            raise ConfigError(f"notify channel {name!r}: `url` is no web address", hint=hint)
        if find_spec("httpx") is None:
            hint = "pip install 'deputize[notify]'"
            raise ConfigError(f"notify channel {name!r}: a webhook needs httpx", hint=hint)
        self.name = name
        self.kinds = kinds
        self._url = url or ""

    async def send(self, message: Message) -> str | None:
        """Post the message; see `Channel.send`."""
        # Importing it and reading certificates takes a while, and others run in this event loop.
        client = await to_thread.run_sync(_client)
        async with client:
            return await self._post(client, message)

    async def _post(self, client: httpx.AsyncClient, message: Message) -> str | None:
        import httpx

        headers = {
            "content-type": "application/cloudevents+json",
            "user-agent": "deputize",
            "webhook-id": message.id,
            "webhook-timestamp": str(int(time.time())),
        }
        content = json.dumps(message.document).encode()
        try:
            # The answer's body is of no use, and may be endless: only its head is read.
            request = client.stream("POST", self._url, content=content, headers=headers)
            async with request as response:
                return _problem(response.status_code)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return f"no answer: {type(error).__name__}"


def _problem(status: int) -> str | None:
    if status in REDIRECTS:
        return f"it redirects to another address ({status}): configure that one"
    return None if 200 <= status < 300 else f"it answered {status}"  # noqa: PLR2004 - success


def _client() -> httpx.AsyncClient:
    import httpx

    return httpx.AsyncClient(timeout=TIMEOUT_SECONDS, follow_redirects=False)


def _is_web_address(url: str | None) -> bool:
    try:
        parts = urlsplit(url or "")
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
