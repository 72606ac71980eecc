"""The channels by which somebody is told, made of the settings in `[[notify]]`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from deputize.errors import ConfigError
from deputize.model.event import EVENT_KINDS
from deputize.notify.command import CommandChannel
from deputize.notify.webhook import WebhookChannel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deputize.config.settings import ChannelSettings
    from deputize.notify.message import Message

_ENDS = frozenset({"task.done", "task.failed", "task.cancelled", "change.quarantined"})
_NEEDS = frozenset({"approval.asked", "change.blocked", "task.stalled"})
USUAL_KINDS = _ENDS | _NEEDS
"""What a channel is told that doesn't say: the end of a task, and every need of a person."""


class Channel(Protocol):
    """A way to tell somebody. Its `send` may be cancelled, and called several times at once."""

    @property
    def name(self) -> str:
        """The name under which deliveries are owed to it."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of events that it is told."""
        ...

    async def send(self, message: Message) -> str | None:
        """Deliver a message; return why that failed, in words without secrets, or None."""
        ...


def channels_of(settings: Iterable[ChannelSettings]) -> tuple[Channel, ...]:
    """Make the channels that are configured; ConfigError names the setting that is wrong."""
    made: dict[str, Channel] = {}
    for place, channel in enumerate(settings, 1):
        name = channel.name or f"{channel.kind}-{place}"
        if name in made:
            raise ConfigError(f"two notify channels are called {name!r}", hint="rename one")
        made[name] = _channel(name, channel)
    return tuple(made.values())


def _channel(name: str, settings: ChannelSettings) -> Channel:
    kinds = _kinds(name, settings.on)
    if settings.kind == "command":
        return CommandChannel(name, kinds, settings.command)
    if settings.kind == "webhook":
        return WebhookChannel(name, kinds, settings.url)
    raise ConfigError(f"notify channel {name!r}: unknown kind {settings.kind!r}")


def _kinds(name: str, wanted: tuple[str, ...]) -> frozenset[str]:
    """Check the kinds: what tells of notifications would notify for ever."""
    for kind in wanted:
        if kind not in EVENT_KINDS or kind.startswith("notification."):
            hint = f"such as {', '.join(sorted(USUAL_KINDS))}"
            raise ConfigError(f"notify channel {name!r}: `on` can't have {kind!r}", hint=hint)
    return frozenset(wanted) or USUAL_KINDS
