"""One connection to the scripted model: finds the dialect, the cue, and plays it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import urlsplit

from deputize.demo.model.answer import INPUT_TOKENS, Answer, Dialect, openai_error
from deputize.demo.model.chat import CHAT
from deputize.demo.model.contents import CONTENTS, MODELS, STREAMED_CONTENTS
from deputize.demo.model.director import LAST_WORDS, Cue, Director
from deputize.demo.model.gates import Ending, Gates, Interrupted
from deputize.demo.model.messages import MESSAGES
from deputize.demo.model.responses import RESPONSES
from deputize.demo.model.script import CutStream, ErrorReply, Hang
from deputize.demo.model.tools import calls_for
from deputize.demo.model.wire import (
    begin_events,
    end_events,
    has_hung_up,
    read_object,
    send_event,
    send_object,
)
from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.clock import Clock
    from deputize.demo.model.conversation import Conversation
    from deputize.demo.model.record import Record

DIALECTS = {
    dialect.path: dialect for dialect in (CHAT, RESPONSES, MESSAGES, CONTENTS, STREAMED_CONTENTS)
}
COUNT_PATH = "/v1/messages/count_tokens"
MODELS_PATH = "/v1/models"
MODEL_NAME = "scripted-model"
KEY_HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key")

Headers = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all connections of one model share."""

    director: Director
    gates: Gates
    record: Record
    clock: Clock


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "scripted-model"
    disable_nagle_algorithm: ClassVar[bool] = True

    def __init__(self, stage: Stage, *arguments: object) -> None:
        """Serve the connection that `arguments` name, as the base class does, to its end."""
        self.stage = stage
        self.number = 0
        super().__init__(*arguments)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by the base class
        """Say nothing: requests are recorded instead."""

    def do_HEAD(self) -> None:
        """Answer HEAD as GET, without a body."""
        self._attend(self._get)

    def do_GET(self) -> None:
        """Answer the root and the list of models."""
        self._attend(self._get)

    def do_POST(self) -> None:
        """Answer a request for an answer, or for a count of tokens."""
        self._attend(self._post)

    def _attend(self, act: Callable[[str], Ending]) -> None:
        """Record a request from its beginning to its end, however that comes."""
        path = urlsplit(self.path).path
        key = next((self.headers[name] for name in KEY_HEADERS if name in self.headers), "")
        self.number = self.stage.record.begin(self.command, path, key)
        try:
            ending = act(path)
        except Interrupted as exc:
            ending = exc.ending
        except OSError:
            ending = Ending.CLOSED if self.stage.gates.is_closed else Ending.HUNG_UP
        if ending not in (Ending.ANSWERED, Ending.REFUSED):
            self.close_connection = True
        self._note(ending=ending)

    def _note(self, **known: object) -> None:
        self.stage.record.note(self.number, **known)

    def _get(self, path: str) -> Ending:
        name = path.removeprefix(f"{MODELS_PATH}/")
        if path == "/":
            return self._send(200, {"status": "ok"})
        if path == MODELS_PATH:
            listed = {"data": [_model(MODEL_NAME)], "has_more": False}
            return self._send(200, {"object": "list"} | listed)
        if name != path and name:
            return self._send(200, _model(name))
        return self._send(404, openai_error(404, f"there is nothing at {path}"))

    def _post(self, path: str) -> Ending:
        dialect = DIALECTS.get(_place_of(path))
        if dialect is None:
            return self._refuse(404, openai_error(404, f"there is nothing at {path}"))
        try:
            body = read_object(self)
            self._note(body=body)
            conversation = dialect.read(body)
        except InvalidInput as exc:
            self._note(dialect=dialect.name)
            return self._refuse(400, dialect.error(400, exc.message))
        if path == COUNT_PATH:
            return self._send(200, {"input_tokens": INPUT_TOKENS})
        return self._answer(dialect, conversation)

    def _answer(self, dialect: Dialect, conversation: Conversation) -> Ending:
        cue = self.stage.director.cue(conversation)
        self._note(
            dialect=dialect.name,
            model=conversation.model,
            scene=cue.scene,
            turn=cue.turn_index,
            prompt=conversation.prompt,
            tools=tuple(tool.name for tool in conversation.tools),
            is_streaming=conversation.is_streaming,
            workspace=conversation.workspace,
            system=conversation.system,
        )
        self._wait(cue)
        if isinstance(cue.fault, ErrorReply):
            return self._scripted_error(dialect, cue.fault)
        return self._play(dialect, conversation, cue)

    def _wait(self, cue: Cue) -> None:
        is_gone, gates = partial(has_hung_up, self.connection), self.stage.gates
        if cue.turn.wait_for is not None:
            gates.wait_for(cue.turn.wait_for, is_gone)
        if cue.turn.delay_seconds:
            gates.pause(cue.turn.delay_seconds, is_gone)
        if isinstance(cue.fault, Hang):
            gates.hang(is_gone)

    def _scripted_error(self, dialect: Dialect, fault: ErrorReply) -> Ending:
        headers: Headers = {}
        if fault.retry_after_seconds is not None:
            headers["Retry-After"] = str(fault.retry_after_seconds)
        if fault.reset_after_seconds is not None:
            headers[dialect.reset_header] = self._reset(dialect, fault.reset_after_seconds)
        return self._send(fault.status, dialect.error(fault.status, fault.message), headers)

    def _reset(self, dialect: Dialect, seconds: int) -> str:
        if not dialect.reset_is_moment:
            return f"{seconds}s"
        moment = self.stage.clock.now() + timedelta(seconds=seconds)
        return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

    def _play(self, dialect: Dialect, conversation: Conversation, cue: Cue) -> Ending:
        answer = self._made(conversation, cue)
        cut = cue.fault if isinstance(cue.fault, CutStream) else None
        if conversation.is_streaming:
            return self._stream(dialect, answer, cue.turn.word_seconds, cut)
        self._note(status=200)
        send_object(self, 200, dialect.whole(answer), {}, is_cut=cut is not None)
        return Ending.ANSWERED

    def _made(self, conversation: Conversation, cue: Cue) -> Answer:
        calls = calls_for(cue.steps, conversation)
        return Answer(
            id=secrets.token_hex(8),
            model=conversation.model or MODEL_NAME,
            created=int(self.stage.clock.now().timestamp()),
            text=cue.turn.say or ("" if calls else LAST_WORDS),
            calls=calls,
            wants_usage=conversation.wants_usage,
        )

    def _stream(
        self, dialect: Dialect, answer: Answer, word_seconds: float, cut: CutStream | None
    ) -> Ending:
        self._note(status=200)
        begin_events(self)
        for index, event in enumerate(dialect.events(answer)):
            if cut is not None and index >= cut.after_events:
                break
            if event.is_word and word_seconds:
                self.stage.gates.pause(word_seconds, partial(has_hung_up, self.connection))
            send_event(self, event)
        if cut is not None:
            raise Interrupted(Ending.CUT)
        end_events(self)
        return Ending.ANSWERED

    def _send(
        self, status: int, value: dict[str, object], headers: Headers | None = None
    ) -> Ending:
        self._note(status=status)
        send_object(self, status, value, headers or {})
        is_error = status >= HTTPStatus.BAD_REQUEST
        return Ending.REFUSED if is_error else Ending.ANSWERED

    def _refuse(self, status: int, value: dict[str, object]) -> Ending:
        """Send an error and end the connection: the rest of the body may still be in it."""
        self.close_connection = True
        return self._send(status, value, {"Connection": "close"})


def _place_of(path: str) -> str:
    """Return what tells the dialect of a request: its path, or the method at the end of that."""
    if path.startswith(MODELS):
        return path[path.rfind(":") :]
    return path.removesuffix("/count_tokens") if path == COUNT_PATH else path


def _model(name: str) -> dict[str, object]:
    """Describe a model as both the OpenAI and the Anthropic listing do."""
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": "deputize",
        "type": "model",
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
    }
