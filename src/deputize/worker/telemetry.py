"""Spans of attempts, model calls and tool calls, for whoever has an OpenTelemetry endpoint.

Names are those of OpenTelemetry's conventions for generative AI, of which none is stable yet. No
prompt, answer, argument or output is in them. They leave from a thread of the SDK's own: an
endpoint that hangs, refuses or is gone costs spans, never a task.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

from deputize import log
from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted, Used
from deputize.model.agent import LOGIN_SERVERS
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span, Tracer

    from deputize.agents.base import AgentEvent
    from deputize.config.settings import TelemetrySettings
    from deputize.model.attempt import Usage

ENDPOINT, TRACES_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
INSTALL = "pip install 'deputize[otel]'"
MISSING = f"spans are wanted, but the extra otel is not installed: {INSTALL}"
EXPORT_SECONDS = 5
"""How long one delivery may take."""
CLOSE_SECONDS = 2.0
"""How long a worker that ends waits for its last spans to be taken."""
_CONVENTIONAL = {"azure": "azure.ai.openai"}
"""Types of providers that the conventions name otherwise."""


def is_wanted(settings: TelemetrySettings, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether there is an endpoint, in the environment or in the settings."""
    return any((environ.get(ENDPOINT), environ.get(TRACES_ENDPOINT), settings.endpoint))


def is_installed() -> bool:
    """Tell whether the extra is there; nothing of it is loaded."""
    return all(map(_is_there, ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")))


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@dataclass(slots=True)
class Telemetry:
    """Where a worker's spans go; nowhere until `start` has found an endpoint."""

    provider: TracerProvider | None = None
    tracer: Tracer | None = None

    def start(self, settings: TelemetrySettings) -> None:
        """Load the SDK, where spans are wanted; say once where it is missing."""
        if not is_wanted(settings):
            return
        if not is_installed():
            log.get("telemetry").warning(MISSING)
            return
        self.provider = _provider(settings)
        self.tracer = self.provider.get_tracer("deputize")

    def close(self) -> None:
        """Deliver what is left, but wait for it only a moment."""
        if self.provider is None:
            return
        last = threading.Thread(target=self.provider.shutdown, daemon=True)
        last.start()
        last.join(CLOSE_SECONDS)


def _provider(settings: TelemetrySettings) -> TracerProvider:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = os.environ.get(ENDPOINT) or os.environ.get(TRACES_ENDPOINT)
    own = None if named or not settings.endpoint else f"{settings.endpoint.rstrip('/')}/v1/traces"
    resource = Resource.create({"service.name": os.environ.get("OTEL_SERVICE_NAME", "deputize")})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=own, timeout=EXPORT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


TELEMETRY = Telemetry()
"""This process's."""


class Subject(NamedTuple):
    """What an attempt's spans are about."""

    task: int
    attempt: int
    agent: str
    kind: str
    provider_type: str | None
    """What serves it; None where it has a login of its own."""
    model: str | None


@dataclass(slots=True)
class Trace:
    """The spans of one attempt. Times are nanoseconds since the epoch."""

    tracer: Tracer
    subject: Subject
    root: Span
    turned_at: int = field(default_factory=time.time_ns)
    """Since when it is the model's turn, as far as that is known."""
    tools: dict[str, Span] = field(default_factory=dict)

    def hear(self, event: AgentEvent, model: str | None, cost: str | None = None) -> None:
        """Take an event of the agent; of a model call, with what it cost."""
        match event:
            case ToolStarted(id=call, name=name):
                self.tools[call] = self._open(f"execute_tool {name}", _tool(call, name))
            case ToolFinished(id=call, ok=ok, denied=denied) if call in self.tools:
                _end(self.tools.pop(call), None if ok else "denied" if denied else "failed")
                self.turned_at = time.time_ns()
            case Used(usage=usage):
                self._call(usage, model, cost)
            case SessionStarted(token=token):
                self.root.set_attribute("gen_ai.conversation.id", token)
            case _:
                pass

    def _call(self, usage: Usage, model: str | None, cost: str | None) -> None:
        told = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": provider_of(self.subject)}
        if model is not None:
            told |= {"gen_ai.request.model": model, "gen_ai.response.model": model}
        span = self._open(f"chat {model or ''}".strip(), told, self.turned_at, is_call=True)
        _count(span, usage, cost)
        span.end()
        self.turned_at = time.time_ns()

    def _open(
        self, name: str, told: dict[str, str], at: int | None = None, *, is_call: bool = False
    ) -> Span:
        from opentelemetry.trace import SpanKind, set_span_in_context

        kind = SpanKind.CLIENT if is_call else SpanKind.INTERNAL
        parent = set_span_in_context(self.root)
        return self.tracer.start_span(name, parent, kind, attributes=told, start_time=at)

    def end(self, outcome: Outcome, model: str | None, usage: Usage) -> None:
        """Close the attempt's span, and what the agent left open."""
        for span in self.tools.values():
            _end(span, "unfinished")
        self.tools.clear()
        if model is not None:
            self.root.set_attribute("gen_ai.response.model", model)
        _count(self.root, usage, usage.cost_usd)
        _end(self.root, None if outcome is Outcome.SUCCEEDED else str(outcome))


def begin(subject: Subject) -> Trace | None:
    """Open the span of an attempt; None where nobody wants spans."""
    tracer = TELEMETRY.tracer
    if tracer is None:
        return None
    told: dict[str, str | int] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": provider_of(subject),
        "gen_ai.agent.name": subject.agent,
        "deputize.task": subject.task,
        "deputize.attempt": subject.attempt,
    }
    if subject.model is not None:
        told["gen_ai.request.model"] = subject.model
    root = tracer.start_span(f"invoke_agent {subject.agent}", attributes=told)
    return Trace(tracer, subject, root)


def provider_of(subject: Subject) -> str:
    """Return the name that the conventions have for who serves a model, as far as they have one."""
    if subject.provider_type is None:
        return LOGIN_SERVERS.get(subject.kind, subject.agent)
    return _CONVENTIONAL.get(subject.provider_type, subject.provider_type)


def _tool(call: str, name: str) -> dict[str, str]:
    named = {"gen_ai.tool.name": name, "gen_ai.tool.call.id": call}
    return {"gen_ai.operation.name": "execute_tool", **named}


def _count(span: Span, usage: Usage, cost: str | None) -> None:
    """Tell what was used; what came from a cache counts among what went in."""
    cached = usage.cached_tokens
    beside = cached if cached > usage.input_tokens else 0
    span.set_attribute("gen_ai.usage.input_tokens", usage.input_tokens + beside)
    span.set_attribute("gen_ai.usage.output_tokens", usage.output_tokens)
    if cached:
        span.set_attribute("gen_ai.usage.cache_read.input_tokens", cached)
    if usage.reasoning_tokens:
        span.set_attribute("gen_ai.usage.reasoning.output_tokens", usage.reasoning_tokens)
    if cost is not None:
        span.set_attribute("deputize.cost_usd", float(cost))


def _end(span: Span, error: str | None) -> None:
    from opentelemetry.trace import StatusCode

    if error is not None:
        span.set_attribute("error.type", error)
        span.set_status(StatusCode.ERROR)
    span.end()
