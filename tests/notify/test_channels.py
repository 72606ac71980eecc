"""The channels: what they are made of, and what reaches the other side."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from deputize.config.settings import ChannelSettings
from deputize.errors import ConfigError
from deputize.model.event import Entry
from deputize.notify.channels import USUAL_KINDS, Channel, channels_of
from deputize.notify.message import Message, message_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fixtures.web import Server

pytestmark = pytest.mark.anyio


@pytest.fixture
def message() -> Message:
    """Return a message about a task."""
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    return message_of(Entry(id=7, at=at, kind="task.done", actor="queue", task=12), None, "store")


def only(settings: ChannelSettings) -> Channel:
    """Make one channel."""
    (channel,) = channels_of([settings])
    return channel


def test_a_channel_has_a_name_and_what_it_listens_to() -> None:
    """Without a name it is called by kind and place; without `on` it hears the usual kinds."""
    url = "https://example.com/hook"
    settings = [
        ChannelSettings(kind="command", command=("true",)),
        ChannelSettings(kind="webhook", url=url, name="ops", on=("task.failed",)),
    ]
    first, second = channels_of(settings)
    assert (first.name, first.kinds) == ("command-1", USUAL_KINDS)
    assert (second.name, second.kinds) == ("ops", frozenset({"task.failed"}))


@pytest.mark.parametrize(
    "settings",
    [
        ChannelSettings(kind="command"),
        ChannelSettings(kind="webhook"),
        ChannelSettings(kind="webhook", url="ftp://example.com/"),
        ChannelSettings(kind="webhook", url="https://"),
        ChannelSettings(kind="webhook", url="http://[::1"),
        ChannelSettings(kind="command", command=("true",), on=("task.dnoe",)),
        ChannelSettings(kind="command", command=("true",), on=("notification.failed",)),
        ChannelSettings(kind="command", command=("sh", "-c", "echo {text}")),
        ChannelSettings(kind="command", command=("/bin/bash", "-ec", "{text}")),
        ChannelSettings(kind="pigeon"),
    ],
)
def test_settings_that_can_not_work_are_refused(settings: ChannelSettings) -> None:
    """What is missing, misspelt, endless or dangerous is an error of configuration."""
    with pytest.raises(ConfigError):
        channels_of([settings])


def test_a_webhook_needs_what_speaks_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the channel is refused with what to install; a command needs nothing."""
    monkeypatch.setitem(sys.modules, "httpx", None)
    assert only(ChannelSettings(kind="command", command=("true",))).name == "command-1"
    with pytest.raises(ConfigError, match="needs httpx") as caught:
        only(ChannelSettings(kind="webhook", url="https://example.com/hook"))
    assert caught.value.hint == "pip install 'deputize[notify]'"


def test_two_channels_of_one_name_are_refused() -> None:
    """Deliveries are owed by name."""
    one = ChannelSettings(kind="command", command=("true",), name="same")
    with pytest.raises(ConfigError, match="same"):
        channels_of([one, one])


async def test_a_command_gets_the_text_as_one_argument(tmp_path: Path, message: Message) -> None:
    """The text stands for `{text}`, whatever is in it, and facts are in the environment."""
    out = tmp_path / "out"
    code = 'printf "%s|" "$1" "$DEPUTIZE_EVENT" "$DEPUTIZE_TASK_ID" "$DEPUTIZE_TEXT" >"$0"'
    channel = only(ChannelSettings(kind="command", command=("sh", "-c", code, str(out), "{text}")))
    assert await channel.send(message) is None
    assert out.read_text() == f"{message.text}|task.done|12|{message.text}|"


async def test_a_command_gets_the_document_on_its_input(tmp_path: Path, message: Message) -> None:
    """A program reads JSON on stdin."""
    out = tmp_path / "out"
    channel = only(ChannelSettings(kind="command", command=("sh", "-c", 'cat >"$0"', str(out))))
    assert await channel.send(message) is None
    assert json.loads(out.read_text()) == message.document


async def test_a_command_that_fails_says_so_in_its_own_words(message: Message) -> None:
    """Exit code and last words are the problem, without secrets."""
    code = "echo token=verysecretvalue >&2; exit 3"
    problem = await only(ChannelSettings(kind="command", command=("sh", "-c", code))).send(message)
    assert problem == "exit code 3: token=[redacted]"


async def test_a_missing_command_is_a_failed_delivery(message: Message) -> None:
    """A program that isn't there may be there tomorrow."""
    problem = await only(ChannelSettings(kind="command", command=("no-such-program",))).send(
        message
    )
    assert problem is not None
    assert "no-such-program" in problem


async def test_a_command_sees_no_secrets_of_ours(
    tmp_path: Path, message: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment is the scrubbed one."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "made-up")
    out = tmp_path / "out"
    channel = only(ChannelSettings(kind="command", command=("sh", "-c", 'env >"$0"', str(out))))
    assert await channel.send(message) is None
    assert "made-up" not in out.read_text()


async def test_a_webhook_gets_the_document_and_an_id_to_know_it_by(
    server: Server, message: Message
) -> None:
    """The id in the header is the same at each delivery of the message."""
    channel = only(ChannelSettings(kind="webhook", url=server.url()))
    assert [await channel.send(message), await channel.send(message)] == [None, None]
    first, second = server.requests
    assert first.document == message.document
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == message.id
    assert first.headers["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
async def test_a_webhook_that_answers_no_is_a_problem(
    server: Server, message: Message, status: int
) -> None:
    """Only 2xx is a yes."""
    server.statuses.append(status)
    channel = only(ChannelSettings(kind="webhook", url=server.url()))
    assert await channel.send(message) == f"it answered {status}"


async def test_a_redirect_is_not_followed(server: Server, message: Message) -> None:
    """What we say goes to the configured address and nowhere else."""
    server.statuses.append(307)
    server.location = server.url("/elsewhere")
    problem = await only(ChannelSettings(kind="webhook", url=server.url())).send(message)
    assert "redirects" in (problem or "")
    assert [request.path for request in server.requests] == ["/hook"]


async def test_a_problem_does_not_give_the_address_away(message: Message) -> None:
    """Path and password of a webhook are secrets."""
    url = "http://user:hunter2hunter2@127.0.0.1:9/services/SECRET"
    problem = await only(ChannelSettings(kind="webhook", url=url)).send(message)
    assert problem is not None
    assert "no answer" in problem
    assert "SECRET" not in problem
    assert "hunter2" not in problem
