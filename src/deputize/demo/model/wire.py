"""HTTP as the handler needs it: bodies in, JSON and server-sent events out."""

from __future__ import annotations

import json
import socket
import zlib
from typing import TYPE_CHECKING

from deputize.demo.model.gates import Ending, Interrupted
from deputize.demo.model.shapes import is_object
from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from http.server import BaseHTTPRequestHandler

    from deputize.demo.model.answer import ServerEvent

MAXIMUM_BODY_BYTES = 64 * 1024 * 1024
GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
LONGEST_LINE_BYTES = 1024


def read_object(handler: BaseHTTPRequestHandler) -> dict[str, object]:
    """Read the JSON object of a request; raises `InvalidInput` for any other body."""
    body = _decoded(_read_bytes(handler), handler.headers.get("Content-Encoding") or "identity")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(f"the body is not JSON: {exc}") from exc
    if not is_object(value):
        raise InvalidInput("the body must be a JSON object")
    return value


def _read_bytes(handler: BaseHTTPRequestHandler) -> bytes:
    if "chunked" in (handler.headers.get("Transfer-Encoding") or "").lower():
        return b"".join(_chunks(handler))
    return _read_exactly(handler, _size(handler.headers.get("Content-Length") or "0", base=10))


def _chunks(handler: BaseHTTPRequestHandler) -> Iterator[bytes]:
    total = 0
    while size := _size(handler.rfile.readline(LONGEST_LINE_BYTES).split(b";")[0], base=16):
        total += size
        if total > MAXIMUM_BODY_BYTES:
            raise InvalidInput("the body is too large")
        yield _read_exactly(handler, size)
        handler.rfile.readline(LONGEST_LINE_BYTES)
    handler.rfile.readline(LONGEST_LINE_BYTES)


def _size(text: str | bytes, *, base: int) -> int:
    try:
        size = int(text.strip(), base)
    except ValueError as exc:
        raise InvalidInput("the length of the body is no number") from exc
    if not 0 <= size <= MAXIMUM_BODY_BYTES:
        raise InvalidInput("the body is too large")
    return size


def _read_exactly(handler: BaseHTTPRequestHandler, size: int) -> bytes:
    read = handler.rfile.read(size)
    if len(read) < size:
        raise Interrupted(Ending.HUNG_UP)
    return read


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "identity":
        return body
    if encoding != "gzip":
        raise InvalidInput(f"the content encoding {encoding!r} isn't understood")
    decoder = zlib.decompressobj(GZIP_WINDOW_BITS)
    try:
        decoded = decoder.decompress(body, MAXIMUM_BODY_BYTES)
    except zlib.error as exc:
        raise InvalidInput("the body is not gzip") from exc
    if not decoder.eof:
        raise InvalidInput("the gzip body is incomplete or too large")
    return decoded


def send_object(
    handler: BaseHTTPRequestHandler,
    status: int,
    value: Mapping[str, object],
    headers: Mapping[str, str],
    *,
    is_cut: bool = False,
) -> None:
    """Send a JSON answer; one that `is_cut` ends in the middle: raises `Interrupted`."""
    body = json.dumps(value).encode()
    handler.send_response(status)
    for name, held in headers.items():
        handler.send_header(name, held)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if is_cut:
        handler.wfile.write(body[: len(body) // 2])
        cut(handler)
    if handler.command != "HEAD":
        handler.wfile.write(body)


def begin_events(handler: BaseHTTPRequestHandler) -> None:
    """Send the head of a stream of server-sent events."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream; charset=utf-8")
    handler.send_header("Cache-Control", "no-cache")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()


def send_event(handler: BaseHTTPRequestHandler, event: ServerEvent) -> None:
    """Send one event as one chunk."""
    payload = event.payload if isinstance(event.payload, str) else json.dumps(event.payload)
    name = f"event: {event.name}\n" if event.name else ""
    chunk = f"{name}data: {payload}\n\n".encode()
    handler.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))


def end_events(handler: BaseHTTPRequestHandler) -> None:
    """Send the end of the stream; without it a client knows that it was cut."""
    handler.wfile.write(b"0\r\n\r\n")


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Drop the connection: always raises `Interrupted`."""
    handler.connection.shutdown(socket.SHUT_RDWR)
    raise Interrupted(Ending.CUT)


def has_hung_up(connection: socket.socket) -> bool:
    """Tell whether the client has closed its side."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
