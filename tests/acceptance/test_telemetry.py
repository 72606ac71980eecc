"""Spans of a real agent's attempt, taken by a real endpoint; one that hangs holds nobody up."""

from __future__ import annotations

import gzip
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deputize.demo.model import RunShell, Scene, Script, ScriptedModel, Turn
from tests.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    from tests.fixtures.house import House

SECRET = "the prompt is nobody's business"


class Taker:
    """Takes spans over HTTP, or never answers."""

    def __init__(self) -> None:
        """Take nothing yet."""
        self.spans: list[Span] = []
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self.url = ""


@contextmanager
def taking(*, hangs: bool = False) -> Iterator[Taker]:
    """Listen on loopback until the block is left."""
    taker = Taker()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["content-length"]))
            taker.asked.set()
            if hangs:
                taker.go_on.wait(60)
                return
            if self.headers.get("content-encoding") == "gzip":
                content = gzip.decompress(content)
            told = ExportTraceServiceRequest.FromString(content)
            for resource in told.resource_spans:
                taker.spans += [span for scope in resource.scope_spans for span in scope.spans]
            self.send_response(200)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    taker.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield taker
    finally:
        taker.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Serve a model that writes a file, and says so."""
    turns = (
        Turn(steps=(RunShell(command="echo hi > new.txt"),)),
        Turn(say="It is written."),
    )
    with ScriptedModel(Script(scenes=(Scene(name="all", contains=SECRET, turns=turns),))) as served:
        yield served


def facts(span: Span) -> dict[str, str | int | float]:
    """Return the attributes of a span."""
    kinds = ("string_value", "int_value", "double_value")
    told = {}
    for each in span.attributes:
        kind = each.value.WhichOneof("value")
        assert kind in kinds
        told[each.key] = getattr(each.value, kind)
    return told


def test_an_attempt_is_a_trace_of_its_model_calls_and_tools(copilot: House) -> None:
    """Children hang on it, their tokens add up to its own; nothing that was said is there."""
    with taking() as taker:
        copilot.configure_more(f'[telemetry]\nendpoint = "{taker.url}"\n')
        task = int(copilot.cli("add", "-q", "--no-start", "--agent", "copilot", SECRET))
        copilot.up()
        document = copilot.until(task)
        copilot.cli("down", "--wait")
        wait_until(lambda: any(span.name == "invoke_agent copilot" for span in taker.spans))
    (root,) = (span for span in taker.spans if span.name == "invoke_agent copilot")
    children = [span for span in taker.spans if span is not root]
    assert {span.parent_span_id for span in children} == {root.span_id}
    assert {span.name.split()[0] for span in children} == {"chat", "execute_tool"}
    told, usage = facts(root), document["attempts"][0]["usage"]
    assert (told["deputize.task"], told["gen_ai.operation.name"]) == (task, "invoke_agent")
    calls = [facts(span) for span in children if span.name.startswith("chat ")]
    for name in ("input_tokens", "output_tokens"):
        key = f"gen_ai.usage.{name}"
        assert sum(int(call[key]) for call in calls) == told[key] == usage[name] > 0
    assert told["gen_ai.conversation.id"] == document["attempts"][0]["session"]
    everything = b"".join(span.SerializeToString() for span in taker.spans)
    for said in (SECRET, "It is written", "echo hi"):
        assert said.encode() not in everything


def test_an_endpoint_that_hangs_holds_nobody_up(house: House) -> None:
    """The task lands and the worker ends while the endpoint has not answered."""
    with taking(hangs=True) as taker:
        house.configure_more(f'[telemetry]\nendpoint = "{taker.url}"\n')
        task = house.add("echo fixed >> README.md")
        worker = house.up()
        assert house.until(task)["state"] == "done"
        house.cli("down")
        assert worker.wait() == 0
        assert taker.asked.is_set()
        assert not taker.go_on.is_set()


def test_an_endpoint_that_is_gone_fails_no_task(house: House) -> None:
    """Nothing listens there."""
    with taking() as taker:
        house.configure_more(f'[telemetry]\nendpoint = "{taker.url}"\n')
    task = house.add("exit 3")
    worker = house.up()
    assert house.until(task)["error"]["reason"] == "agent_error"
    house.cli("down")
    assert worker.wait() == 0


def test_a_missing_extra_is_told_and_the_task_lands(house: House, tmp_path: Path) -> None:
    """By `doctor` and once in the worker's log, with the command that installs it."""
    shadow = tmp_path / "shadow" / "opentelemetry"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").touch()
    house.environment |= {
        "PYTHONPATH": str(shadow.parent),
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
    }
    assert "pip install 'deputize[otel]'" in house.say("doctor").out
    task = house.add("echo fixed >> README.md")
    house.up()
    assert house.until(task)["state"] == "done"
    log = (house.home.logs / "worker.log").read_text()
    assert log.count("pip install 'deputize[otel]'") == 1
