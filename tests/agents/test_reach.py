"""Asking a provider for its models, answered by a scripted server on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from deputize.agents.reach import models_url, reach
from deputize.config.settings import ProviderSettings
from deputize.config.web_address import is_web_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.agents.reach import Reached

KEY = "hush-0123456789"
MODELS = json.dumps({"object": "list", "data": [{"id": "small"}, {"id": "large"}]}).encode()
CERTIFICATE = Path(__file__).with_name("nobody_trusts.pem")
PATIENCE_SECONDS = 20.0


@dataclass(slots=True, kw_only=True)
class Provider:
    """A server that answers as it is told, and remembers what it was asked."""

    port: int = 0
    status: int = 200
    content: bytes = MODELS
    location: str | None = None
    drips: bool = False
    """It says a little again and again, and never comes to an end."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(
        self, kind: str = "openai", key: str | None = KEY, *, path: str = "", tls: bool = False,
        seconds: float = PATIENCE_SECONDS,
    ) -> Reached:  # fmt: skip
        """Ask it for its models."""
        url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}{path}"
        found = reach(ProviderSettings(kind, url), key, seconds=seconds)
        assert KEY not in f"{found.problem}{found.hint}{found.url}"
        return found


@contextmanager
def serving(*, tls: bool = False) -> Iterator[Provider]:
    """Serve until the block is left."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            provider.asked.append((self.path, headers))
            self.send_response(provider.status)
            if provider.location:
                self.send_header("location", provider.location)
            self.end_headers()
            self.wfile.write(provider.content)
            while provider.drips and not provider.over.wait(0.02):
                self.wfile.write(b" ")

        def log_message(self, *words: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *what: object) -> None:
            """Say nothing of clients that hang up."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        provider.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield provider
        finally:
            provider.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Give a provider that answers."""
    with serving() as served:
        yield served


@pytest.mark.parametrize(
    ("kind", "path", "asked", "header", "value"),
    [
        ("openai", "/v1", "/v1/models", "authorization", f"Bearer {KEY}"),
        ("openai", "/v1/", "/v1/models", "authorization", f"Bearer {KEY}"),
        ("ollama", "/v1", "/v1/models", "authorization", f"Bearer {KEY}"),
        ("anthropic", "", "/v1/models", "x-api-key", KEY),
        ("anthropic", "/v1", "/v1/models", "x-api-key", KEY),
        ("azure", "", "/openai/v1/models", "api-key", KEY),
        ("azure", "/openai", "/openai/v1/models", "api-key", KEY),
    ],
)
def test_each_type_is_asked_in_its_own_way(
    provider: Provider, kind: str, path: str, asked: str, header: str, value: str
) -> None:
    """The models are listed, and the key goes where that type wants it, and nowhere else."""
    found = provider.ask(kind, path=path)
    assert (found.status, found.models, found.problem) == (200, ("small", "large"), None)
    ((where, headers),) = provider.asked
    assert (where, headers[header]) == (asked, value)
    assert [name for name, said in headers.items() if KEY in said] == [header]


def test_without_a_key_none_is_sent(provider: Provider) -> None:
    """A server of one's own may want none."""
    assert provider.ask("ollama", None).models == ("small", "large")
    assert "authorization" not in provider.asked[0][1]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "wrong type or base_url (400 Bad Request)"),
        (401, "the key is not taken (401 Unauthorized)"),
        (403, "may not do this (403 Forbidden)"),
        (404, "there is nothing at this address: wrong base_url (404 Not Found)"),
        (405, "wrong base_url (405"),
        (418, "it answers with an error (418"),
        (429, "a rate limit or quota holds (429"),
        (500, "it has a problem of its own (500"),
        (599, "it has a problem of its own (599)"),
    ],
)
def test_a_refusal_is_put_into_words(provider: Provider, status: int, words: str) -> None:
    """What it says besides is not shown: it may repeat the key."""
    provider.status, provider.content = status, f'{{"error": "bad key {KEY}"}}'.encode()
    found = provider.ask()
    assert found.status == status
    assert words in (found.problem or "")
    assert found.hint


def test_a_wanted_key_is_told_from_a_wrong_one(provider: Provider) -> None:
    """Without a key, 401 means that one is needed."""
    provider.status = 401
    assert provider.ask(key=None).problem == "it wants a key (401 Unauthorized)"


def test_it_goes_nowhere_else(provider: Provider) -> None:
    """A redirection could carry the key to anybody."""
    with serving() as other:
        provider.status, provider.location = 302, f"http://127.0.0.1:{other.port}/v1/models"
        found = provider.ask()
        assert "sends on to another address" in (found.problem or "")
        assert other.asked == []


@pytest.mark.parametrize(
    "content", [b"<html>", b"[]", b'{"data": 1}', b'{"data": [1]}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_list_of_models_is_told(provider: Provider, content: bytes) -> None:
    """A web page that answers everything with 200 is no provider."""
    provider.content = content
    assert "lists no models: the base_url is wrong" in (provider.ask().problem or "")


def test_one_that_never_ends_is_given_up(provider: Provider) -> None:
    """Each piece of its answer comes in time, the whole never does."""
    provider.drips = True
    assert provider.ask(seconds=0.3).problem == "no answer within 0.3 s"


def test_one_that_says_nothing_is_given_up() -> None:
    """It takes the connection, and that is all."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = ProviderSettings("openai", f"http://127.0.0.1:{silent.getsockname()[1]}/v1")
        assert reach(settings, KEY, seconds=0.2).problem == "no answer within 0.2 s"


def test_one_that_is_not_there_is_told() -> None:
    """Nobody listens at that port."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"127.0.0.1:{closed.getsockname()[1]}"
    found = reach(ProviderSettings("ollama", f"http://{address}/v1"), None, seconds=5)
    assert found.problem == f"nothing listens at {address}"
    assert "ollama serve" in (found.hint or "")


def test_a_name_that_nobody_has_is_told() -> None:
    """Names under `invalid` never exist (RFC 6761)."""
    settings = ProviderSettings("openai", "https://nowhere.invalid/v1")
    found = reach(settings, KEY, seconds=PATIENCE_SECONDS)
    assert found.problem == "there is no server named nowhere.invalid (DNS)"


def test_a_certificate_that_nobody_trusts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is not sent; once its authority is trusted, it answers."""
    with serving(tls=True) as secure:
        found = secure.ask(tls=True)
        assert "is not trusted (TLS): self-signed certificate" in (found.problem or "")
        assert secure.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert secure.ask(tls=True).models == ("small", "large")


def test_the_wrong_protocol_is_told(provider: Provider) -> None:
    """Both ways round: TLS where none is spoken, and none where it is."""
    assert "does not speak TLS" in (provider.ask(tls=True).problem or "")
    with serving(tls=True) as secure:
        assert "hangs up, or speaks something else than HTTP" in (secure.ask().problem or "")


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://x/v1", "x", "", "http://", "http://name:hush@x/v1", "http://[::1",
     "http://x:99999/", "http://x/\nv1"],
)  # fmt: skip
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    """Neither files nor addresses that have a password in them."""
    assert not is_web_address(url)
    found = reach(ProviderSettings("openai", url), KEY, seconds=1)
    assert found.problem == "its base_url is no web address"


def test_addresses_of_all_types_lead_to_a_list_of_models() -> None:
    """Whatever their usual address ends with."""
    assert models_url(ProviderSettings("openai", "https://a/v1")) == "https://a/v1/models"
    assert models_url(ProviderSettings("azure", "https://a/openai/v1/")) == (
        "https://a/openai/v1/models"
    )
