"""The scripted model as a server: faults, gates, odd requests, clients that leave, its record."""

from __future__ import annotations

import gzip
import http.client
import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deputize.clock import ManualClock
from deputize.demo.model import (
    CutStream,
    Ending,
    ErrorReply,
    Fault,
    Hang,
    RunShell,
    Scene,
    Script,
    ScriptedModel,
    Turn,
    dump_script,
)
from tests.demo.wires import CHAT, MESSAGES, RESPONSES, WIRES, Wire, ask, post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

each_wire = pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)


def _failing(fault: Fault) -> Script:
    return Script(scenes=(Scene(name="f", turns=(Turn(say="Well again.", fault=fault),)),))


def _port(model: ScriptedModel) -> int:
    return int(model.base_url.rsplit(":", 1)[1])


GATED = Script(
    scenes=(
        Scene(name="gated", contains="gate", turns=(Turn(say="Open.", wait_for="door"),)),
        Scene(name="plain", turns=(Turn(say="Plain."),)),
    )
)


@pytest.fixture
def gated() -> Iterator[ScriptedModel]:
    """Give a model that waits at a gate when asked about one."""
    with ScriptedModel(GATED) as model:
        yield model


@each_wire
def test_errors_come_in_the_form_of_the_dialect(wire: Wire) -> None:
    """A scripted error has its status, and a body that a client of the vendor understands."""
    with ScriptedModel(_failing(ErrorReply(status=500, message="It broke."))) as model:
        response = post(model, wire, "x", is_streaming=True)
    assert response.status_code == 500
    error = response.json()["error"]
    assert error["message"] == "It broke."
    assert error["type"] == ("api_error" if wire is MESSAGES else "server_error")
    assert (response.json().get("type") == "error") == (wire is MESSAGES)


@each_wire
def test_rate_limits_say_when_they_are_over(wire: Wire) -> None:
    """A 429 carries Retry-After and the reset time as the vendor's header has it."""
    fault = ErrorReply(status=429, retry_after_seconds=7, reset_after_seconds=60)
    clock = ManualClock(datetime(2026, 1, 1, 12, tzinfo=UTC))
    with ScriptedModel(_failing(fault), clock=clock) as model:
        response = post(model, wire, "x")
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    if wire is MESSAGES:
        expected = "2026-01-01T12:01:00Z"
        assert response.headers["anthropic-ratelimit-requests-reset"] == expected
        assert response.json()["error"]["type"] == "rate_limit_error"
    else:
        assert response.headers["x-ratelimit-reset-requests"] == "60s"
        assert response.json()["error"]["code"] == "rate_limit_exceeded"


def test_an_error_can_be_limited_to_some_times() -> None:
    """The first requests that get there fail, whichever conversation they are of; then it works."""
    with ScriptedModel(_failing(ErrorReply(status=503, times=3))) as model:
        with ThreadPoolExecutor(6) as pool:
            replies = list(pool.map(lambda _: post(model, CHAT, "x").status_code, range(6)))
        assert sorted(replies) == [200, 200, 200, 503, 503, 503]
        assert ask(model, CHAT, "x").text == "Well again."
        endings = [request.ending for request in model.requests]
    assert endings.count(Ending.REFUSED) == 3


def test_side_calls_use_up_no_fault() -> None:
    """A request without tools gets its text even where the scene would fail."""
    with ScriptedModel(_failing(ErrorReply(status=500, times=1))) as model:
        assert post(model, CHAT, "x", offers_tools=False).status_code == 200
        assert post(model, CHAT, "x").status_code == 500


@each_wire
@pytest.mark.parametrize("is_streaming", [False, True], ids=["whole", "streamed"])
def test_a_cut_answer_breaks_off(wire: Wire, *, is_streaming: bool) -> None:
    """A cut connection is a broken one to the client: no proper end; the next try works."""
    with ScriptedModel(_failing(CutStream(after_events=1, times=1))) as model:
        with pytest.raises(httpx.RemoteProtocolError):
            post(model, wire, "x", is_streaming=is_streaming)
        assert model.wait_for_request(lambda request: request.ending is Ending.CUT).status == 200
        assert ask(model, wire, "x", is_streaming=is_streaming).text == "Well again."


def test_closing_ends_what_hangs() -> None:
    """A hanging answer doesn't keep the model from closing; its client sees a broken connection."""
    with ThreadPoolExecutor(1) as pool:
        with ScriptedModel(_failing(Hang())) as model:
            waiting = pool.submit(post, model, CHAT, "x")
            model.wait_for_request("x")
        with pytest.raises(httpx.RemoteProtocolError):
            waiting.result(timeout=10)
    assert model.requests[0].ending is Ending.CLOSED


def test_closing_ends_idle_connections_and_happens_twice() -> None:
    """A connection that is kept alive is ended, the port is free, and a second close is nothing."""
    model = ScriptedModel(GATED).start()
    connection = http.client.HTTPConnection("127.0.0.1", _port(model))
    connection.request("GET", "/")
    connection.getresponse().read()
    model.close()
    model.close()
    assert connection.sock.recv(1) == b""
    connection.close()
    with pytest.raises(httpx.ConnectError):
        post(model, CHAT, "x")


def test_a_gate_holds_an_answer_until_it_is_opened(gated: ScriptedModel) -> None:
    """A turn that waits is answered once its gate is open; others are answered meanwhile."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ask, gated, RESPONSES, "at the gate")
        request = gated.wait_for_request("gate")
        assert ask(gated, RESPONSES, "elsewhere").text == "Plain."
        assert not waiting.done()
        assert request.ending is Ending.OPEN
        gated.open("door")
        assert waiting.result(timeout=10).text == "Open."
    assert ask(gated, RESPONSES, "the gate is still open").text == "Open."


def test_a_client_that_hangs_up_disturbs_nobody(
    gated: ScriptedModel, capfd: pytest.CaptureFixture[str]
) -> None:
    """A client that leaves is noticed and recorded, without a word on the terminal."""
    client = http.client.HTTPConnection("127.0.0.1", _port(gated))
    client.request("POST", CHAT.path, json.dumps(CHAT.request(["gate"], offers_tools=True)))
    gated.wait_for_request("gate")
    client.close()
    gone = gated.wait_for_request(lambda request: request.ending is Ending.HUNG_UP)
    assert gone.prompt == "gate"
    assert ask(gated, CHAT, "next").text == "Plain."
    assert capfd.readouterr() == ("", "")


def test_a_client_may_leave_in_the_middle_of_a_stream(capfd: pytest.CaptureFixture[str]) -> None:
    """Leaving a slow stream ends it, though most of its words were never sent."""
    slow = Turn(say="word " * 2000, word_seconds=0.01)
    with ScriptedModel(Script(scenes=(Scene(name="slow", turns=(slow,)),))) as model:
        body = CHAT.request(["x"], offers_tools=True) | {"stream": True}
        with httpx.stream("POST", model.base_url + CHAT.path, json=body, trust_env=False) as stream:
            assert "data: " in next(stream.iter_text())
        model.wait_for_request(lambda request: request.ending is Ending.HUNG_UP)
    assert capfd.readouterr() == ("", "")


def test_a_delay_holds_the_answer_back() -> None:
    """A turn with a delay is not answered before; closing does not wait for it."""
    late = Turn(say="Late.", delay_seconds=600)
    with ThreadPoolExecutor(1) as pool:
        with ScriptedModel(Script(scenes=(Scene(name="late", turns=(late,)),))) as model:
            waiting = pool.submit(post, model, CHAT, "x")
            model.wait_for_request("x")
        assert isinstance(waiting.exception(timeout=10), httpx.RemoteProtocolError)
    assert model.requests[0].ending is Ending.CLOSED


def test_parallel_conversations_follow_their_own_scenes() -> None:
    """Many conversations at once each get the turns of their own scene, in order."""
    scenes = tuple(
        Scene(
            name=f"s{index}",
            contains=f"<{index}>",
            turns=(Turn(steps=(RunShell(command=f"do {index}"),)), Turn(say=f"Did {index}.")),
        )
        for index in range(12)
    )

    def converse(index: int) -> tuple[str, str]:
        wire = WIRES[index % 3]
        first = ask(model, wire, f"task <{index}>", is_streaming=True)
        return first.calls[0][1]["command"], ask(model, wire, f"task <{index}>", 1).text

    with ScriptedModel(Script(scenes=scenes)) as model, ThreadPoolExecutor(12) as pool:
        heard = list(pool.map(converse, range(12)))
    assert heard == [(f"do {index}", f"Did {index}.") for index in range(12)]


@each_wire
@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b"[" * 99_999, b"{}", b""])
def test_what_is_no_request_is_refused(gated: ScriptedModel, wire: Wire, content: bytes) -> None:
    """A body that is no request of the dialect gives 400, in the dialect's form."""
    response = httpx.post(gated.base_url + wire.path, content=content, trust_env=False)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert gated.requests[-1].dialect == wire.name


@pytest.mark.parametrize(
    "odd",
    [
        {"messages": [1, None, {"role": 3, "content": {"x": 1}}, {"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": 9}, "x"]}]},
        {"messages": [], "tools": [1, {"type": "function", "function": 3}], "stream_options": 7},
        {"messages": [], "tools": [{"function": {"name": "bash", "parameters": {"required": 1}}}]},
        {"messages": [], "model": ["m"], "system": 5},
    ],
)
@pytest.mark.parametrize("wire", [CHAT, MESSAGES], ids=lambda wire: wire.name)
def test_odd_parts_count_as_absent(gated: ScriptedModel, wire: Wire, odd: dict[str, Any]) -> None:
    """Parts of the wrong type break nothing."""
    response = httpx.post(gated.base_url + wire.path, json=odd, trust_env=False)
    assert response.status_code == 200


def test_odd_items_count_as_absent(gated: ScriptedModel) -> None:
    """Items and namespaces of the wrong type break nothing."""
    odd = {"input": [3, {"type": 4}, {"type": "reasoning"}], "tools": [{"type": "namespace"}]}
    response = httpx.post(gated.base_url + RESPONSES.path, json=odd, trust_env=False)
    assert response.status_code == 200


def test_bodies_may_be_compressed_and_chunked(gated: ScriptedModel) -> None:
    """A gzip body is read as well as one that comes in chunks."""
    body = json.dumps(CHAT.request(["x"], offers_tools=True)).encode()
    url, zipped = gated.base_url + CHAT.path, {"Content-Encoding": "gzip"}
    replies = [
        httpx.post(url, content=gzip.compress(body), headers=zipped, trust_env=False),
        httpx.post(url, content=iter([body[:10], body[10:]]), trust_env=False),
    ]
    assert [CHAT.whole(reply.json()).text for reply in replies] == ["Plain.", "Plain."]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "br"},
        {"Content-Length": "many"},
        {"Content-Length": "-1"},
        {"Content-Length": str(10**12)},
    ],
)
def test_bodies_that_cannot_be_read_are_refused(
    gated: ScriptedModel, headers: dict[str, str]
) -> None:
    """Unreadable, unknown and endless bodies give 400 and the connection is ended."""
    connection = http.client.HTTPConnection("127.0.0.1", _port(gated), timeout=10)
    connection.request("POST", CHAT.path, body=b"{}", headers={"Content-Length": "2"} | headers)
    response = connection.getresponse()
    assert response.status == 400
    assert "error" in json.loads(response.read())
    assert response.getheader("Connection") == "close"
    connection.close()


def test_garbage_and_half_requests_disturb_nobody(
    gated: ScriptedModel, capfd: pytest.CaptureFixture[str]
) -> None:
    """Bytes that are no HTTP, and a client that leaves within its body, leave no trace."""
    port = int(gated.base_url.rsplit(":", 1)[1])
    for sent in (
        b"\x16\x03\x01\r\n\r\n",
        b"POST /v1/responses HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(sent)
    gated.wait_for_request(lambda request: request.ending is Ending.HUNG_UP)
    assert ask(gated, CHAT, "x").text == "Plain."
    assert capfd.readouterr() == ("", "")


def test_unknown_paths_are_not_found(gated: ScriptedModel) -> None:
    """What the model doesn't serve is 404, with a body that says so."""
    for method in ("GET", "POST"):
        response = httpx.request(method, f"{gated.base_url}/v2/x", trust_env=False)
        assert (response.status_code, "error" in response.json()) == (404, True)


def test_requests_are_recorded(tmp_path: Path) -> None:
    """Each request is kept, and appended to a file without its key and instructions."""
    file = tmp_path / "requests.jsonl"
    with ScriptedModel(GATED, record_path=file) as model:
        body = CHAT.request(["about it"], offers_tools=True)
        headers = {"Authorization": "Bearer dummy"}
        url = model.base_url + CHAT.path
        httpx.post(url, json=body, headers=headers, trust_env=False)
        httpx.head(model.base_url, trust_env=False)
    first, second = model.requests
    assert (first.dialect, first.scene, first.turn) == ("chat", "plain", 0)
    assert (first.model, first.prompt, first.tools) == ("m", "about it", ("bash",))
    assert (first.status, first.ending, first.is_streaming) == (200, Ending.ANSWERED, False)
    assert (first.key, first.system) == ("Bearer dummy", "You are a coding agent.")
    assert (second.method, second.path, second.dialect) == ("HEAD", "/", None)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["number"] for line in lines] == [1, 2]
    assert lines[0]["prompt"] == "about it"
    assert not {"key", "system"} & set(lines[0])
    assert "dummy" not in repr(first)


def test_waiting_for_a_request_ends(gated: ScriptedModel) -> None:
    """Waiting for what never comes raises an error instead of hanging."""
    ask(gated, CHAT, "something")
    with pytest.raises(TimeoutError, match="no such request"):
        gated.wait_for_request("never", timeout_seconds=0.05)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_as_a_program(tmp_path: Path, number: signal.Signals) -> None:
    """The module prints where it serves, follows a script, and ends with code 0 on a signal."""
    (tmp_path / "script.json").write_text(dump_script(_failing(ErrorReply(status=418))))
    command = [sys.executable, "-m", "deputize.demo.model", "--script", "script.json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        where = json.loads(program.stdout.readline())
        body = CHAT.request(["x"], offers_tools=True)
        url = f"{where['openai_url']}/chat/completions"
        assert httpx.post(url, json=body, trust_env=False).status_code == 418
        program.send_signal(number)
        assert program.wait(timeout=20) == 0


def test_the_program_refuses_what_is_no_script(tmp_path: Path) -> None:
    """A wrong script file ends it with code 2 and one line that says why."""
    (tmp_path / "script.json").write_text('{"scenes": 3}')
    command = [sys.executable, "-m", "deputize.demo.model", "--script", "script.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: script.scenes must be a list\n"
