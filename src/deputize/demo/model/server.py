"""The scripted model as a server on the loopback address."""

from __future__ import annotations

import socket
import socketserver
import sys
import time
from functools import partial
from http.server import ThreadingHTTPServer
from threading import Lock, Thread, current_thread
from typing import TYPE_CHECKING, Self

from deputize.clock import Clock, SystemClock
from deputize.demo.model.director import Director
from deputize.demo.model.gates import Gates
from deputize.demo.model.handler import Handler, Stage
from deputize.demo.model.record import Matching, ModelRequest, Record

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from deputize.demo.model.script import Script

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 2.0
"""How long closing waits for answers that are being sent."""


class ModelServer(ThreadingHTTPServer):
    """A thread per connection; knows its connections, so that it can end them."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, port: int, stage: Stage) -> None:
        """Listen on a port of the loopback address, 0 for a free one."""
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        self._serving: set[Thread] = set()
        super().__init__((LOOPBACK, port), partial(Handler, stage))

    def server_bind(self) -> None:
        """Bind without looking up the name of this machine."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, int(self.server_address[1])

    def process_request(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Serve a connection in a thread that is known until it ends."""
        thread = Thread(target=self._serve, args=(request, client_address), daemon=True)
        with self._lock:
            self._serving.add(thread)
            if isinstance(request, socket.socket):
                self._connections.add(request)
        thread.start()

    def _serve(self, request: socket.socket, client_address: object) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._connections.discard(request)
                self._serving.discard(current_thread())

    def handle_error(
        self, request: socket.socket | tuple[bytes, socket.socket], client_address: object
    ) -> None:
        """Report what is a fault of this program, not that a client has gone."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Drop every connection and wait, a little, for their threads."""
        with self._lock:
            for connection in self._connections:
                _drop(connection)
            threads = tuple(self._serving)
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))


def _drop(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


class ScriptedModel:
    """A model that follows a script: `with ScriptedModel(script) as model: model.base_url`."""

    def __init__(
        self,
        script: Script,
        *,
        port: int = 0,
        record_path: Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Take a script, a port (0: a free one), and a file to which requests are appended."""
        self._gates = Gates()
        self._record = Record(record_path)
        self._stage = Stage(
            director=Director(script),
            gates=self._gates,
            record=self._record,
            clock=clock or SystemClock(),
        )
        self._port = port
        self._server: ModelServer | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> Self:
        """Begin to answer; raises `OSError` where the port is taken."""
        self._server = ModelServer(self._port, self._stage)
        self._port = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop at once: answers that wait, hang or stream are dropped."""
        self._gates.close()
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    @property
    def base_url(self) -> str:
        """Return the address for clients that add `/v1/…` themselves, as Anthropic's do."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def openai_url(self) -> str:
        """Return the address for clients of OpenAI, who expect the `/v1` in it."""
        return f"{self.base_url}/v1"

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """Return what it was asked so far, in order."""
        return self._record.all()

    def open(self, gate: str) -> None:
        """Let turns that wait for `gate` go on, now and later."""
        self._gates.open(gate)

    def wait_for_request(
        self, matching: Matching = "", *, timeout_seconds: float = 10.0
    ) -> ModelRequest:
        """Return the first request whose prompt contains a text, or that passes a test.

        Waits for it; raises `TimeoutError`.
        """
        return self._record.wait_for(matching, timeout_seconds)
