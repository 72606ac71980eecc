"""Ask a provider which models it serves, and say in words why it doesn't answer.

Nothing of what it says but models' names is shown: an error of its may repeat the key.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from deputize.config.web_address import is_web_address

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPMessage
    from typing import IO

    from deputize.config.settings import ProviderSettings

ANTHROPIC_VERSION = "2023-06-01"
LONGEST_ANSWER = 8 * 1024 * 1024
MOST_MODELS = 2000
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What came of asking a provider."""

    url: str
    """What was asked."""
    status: int | None = None
    """The HTTP status of its answer; None where there was none."""
    models: tuple[str, ...] = ()
    problem: str | None = None
    hint: str | None = None


def models_url(settings: ProviderSettings) -> str:
    """Return where a provider lists its models."""
    base = settings.base_url.rstrip("/")
    if settings.type == "anthropic" and not base.endswith("/v1"):
        base += "/v1"
    if settings.type == "azure" and not base.endswith("/v1"):
        base += "/v1" if base.endswith("/openai") else "/openai/v1"
    return f"{base}/models"


def reach(settings: ProviderSettings, key: str | None, *, seconds: float) -> Reached:
    """Ask a provider for its models; give up after so many seconds, whatever it does meanwhile."""
    url = models_url(settings)
    if not is_web_address(url):
        problem = "its base_url is no web address"
        return Reached(url=url, problem=problem, hint="http://… or https://…, without a key in it")
    found: list[Reached] = []
    # A name that is looked up, and an answer that drips, know no time limit of their own.
    asking = threading.Thread(
        target=lambda: found.append(_ask(settings, key, url, seconds)), daemon=True
    )
    asking.start()
    asking.join(seconds)
    return found[0] if found else _late(url, seconds)


def _ask(settings: ProviderSettings, key: str | None, url: str, seconds: float) -> Reached:
    request = urllib.request.Request(url, headers=_headers(settings.type, key))  # noqa: S310 - http or https
    opener = urllib.request.build_opener(_NoRedirect)
    try:
        with opener.open(request, timeout=seconds) as answer:
            return _listed(url, answer.status, answer.read(LONGEST_ANSWER))
    except HTTPError as error:
        with error:
            return _refused(settings, url, error.code, has_key=key is not None)
    except TimeoutError:
        return _late(url, seconds)
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            return _late(url, seconds)
        return _unreached(settings, url, error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return _unreached(settings, url, error)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else: a key is for one server."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Refuse."""


def _headers(kind: str, key: str | None) -> Mapping[str, str]:
    told = {"Accept": "application/json", "User-Agent": "deputize"}
    if kind == "anthropic":
        told["anthropic-version"] = ANTHROPIC_VERSION
    if key is None:
        return told
    keys = {"anthropic": {"x-api-key": key}, "azure": {"api-key": key}}
    return {**told, **keys.get(kind, {"Authorization": f"Bearer {key}"})}


def _listed(url: str, status: int, content: bytes) -> Reached:
    try:
        told = json.loads(content)
        listed = told["data"]
        names = tuple(str(each["id"])[:LONGEST_NAME] for each in listed[:MOST_MODELS])
    except (ValueError, TypeError, KeyError, RecursionError):
        problem = "what answers there lists no models: the base_url is wrong"
        return Reached(url=url, status=status, problem=problem, hint="most end with /v1")
    return Reached(url=url, status=status, models=names)


def _late(url: str, seconds: float) -> Reached:
    problem = f"no answer within {seconds:g} s"
    return Reached(url=url, problem=problem, hint="is it busy, or behind a firewall or proxy?")


def _refused(settings: ProviderSettings, url: str, status: int, *, has_key: bool) -> Reached:
    """Say what a status that isn't a success means."""
    ending = f"base_url is {settings.base_url}; most end with /v1, Anthropic's and Azure's don't"
    later = "try again later: it is not your settings"
    wrong = ("the key is not taken", "is it whole, of this provider, and still valid?")
    if not has_key:
        wrong = ("it wants a key", "name one: key_variable, key_file or key_keyring")
    known = {
        400: ("the question is not understood: wrong type or base_url", ending),
        401: wrong,
        403: ("the key is taken, but may not do this", "look at its rights with the provider"),
        404: ("there is nothing at this address: wrong base_url", ending),
        405: ("nobody lists models at this address: wrong base_url", ending),
        407: ("a proxy on the way wants a login", "HTTPS_PROXY, HTTP_PROXY"),
        429: ("a rate limit or quota holds", later),
    }
    text, hint = known.get(status, ("it answers with an error", later))
    if 300 <= status < 400:  # noqa: PLR2004 - the statuses of redirection, RFC 9110
        text, hint = "it sends on to another address, where the key was not sent", ending
    if status >= 500:  # noqa: PLR2004 - the statuses of the server's own errors
        text, hint = "it has a problem of its own", later
    return Reached(url=url, status=status, problem=f"{text} ({_named(status)})", hint=hint)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _unreached(settings: ProviderSettings, url: str, why: object) -> Reached:
    """Say why there was no answer at all."""
    host = urlsplit(url).hostname
    if isinstance(why, socket.gaierror):
        hint = "is it spelled right, and is there a network? a proxy is taken from HTTPS_PROXY"
        return Reached(url=url, problem=f"there is no server named {host} (DNS)", hint=hint)
    if isinstance(why, ssl.SSLCertVerificationError):
        problem = f"the certificate of {host} is not trusted (TLS): {why.verify_message}"
        return Reached(url=url, problem=problem, hint="SSL_CERT_FILE names more authorities")
    if isinstance(why, ssl.SSLError):
        problem = f"{host} does not speak TLS as it should"
        return Reached(url=url, problem=problem, hint="is it http:// rather than https://?")
    if isinstance(why, ConnectionRefusedError):
        hint = "start it: `ollama serve`" if settings.type == "ollama" else "is the port right?"
        return Reached(url=url, problem=f"nothing listens at {urlsplit(url).netloc}", hint=hint)
    if isinstance(why, HTTPException | ConnectionError):
        problem = f"{host} hangs up, or speaks something else than HTTP"
        return Reached(url=url, problem=problem, hint="is it https:// rather than http://?")
    reason = why.strerror if isinstance(why, OSError) and why.strerror else type(why).__name__
    return Reached(
        url=url, problem=f"{host} can't be reached: {reason}", hint="look at the network"
    )
