"""A hook, called within its time: what it said, or why nobody can tell what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from deputize.hooks.answers import MOST_BYTES as MOST_ANSWER_BYTES
from deputize.hooks.command import CommandCaller
from deputize.hooks.http import HttpCaller
from deputize.hooks.reply import Reply
from deputize.model.hook import HookKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from deputize.config.settings import HookSettings

MOST_BYTES = 4 << 20
"""A longer document is given to nobody: what decides calls says no to such a one."""
TOO_LONG_TO_SHOW = f"there is more to show than {MOST_BYTES >> 20} MiB"
ENDLESS = f"it answered more than {MOST_ANSWER_BYTES >> 10} KiB"


class Caller(Protocol):
    """A way to call a hook. A call may be cancelled, and several may be made at once."""

    async def call(self, document: bytes, marks: Mapping[str, str], seconds: float) -> Reply:
        """Hand the document over; return what was said within so many seconds, or what failed.

        Never raises for what is at the other end. A problem is told in words without secrets.
        """
        ...

    async def close(self) -> None:
        """Let go of what calls have in common."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One hook, for one session."""

    name: str
    on: frozenset[HookKind]
    timeout_seconds: float
    caller: Caller

    @property
    def rule(self) -> str:
        """What decisions of its are told to rest on."""
        return f"hook.{self.name}"

    async def call(self, document: Mapping[str, object], marks: Mapping[str, str]) -> Reply:
        """Give it a document; `marks` are variables by which its processes are known."""
        content = json.dumps({**document, "name": self.name}).encode()
        if len(content) > MOST_BYTES:
            return Reply(problem=TOO_LONG_TO_SHOW)
        try:
            reply = await self.caller.call(content + b"\n", marks, self.timeout_seconds)
        except Exception as error:  # noqa: BLE001 - whatever it was, it ends no attempt
            return Reply(problem=f"it could not be called: {error}")
        if len(reply.content) > MOST_ANSWER_BYTES:
            return Reply(problem=ENDLESS)
        return reply


def hooks_of(settings: Iterable[HookSettings], role: str, agent: str) -> tuple[Hook, ...]:
    """Make the hooks of a session, in their order; ConfigError where one can't be called at all."""
    return tuple(
        Hook(
            name=hook.called(place),
            on=frozenset(map(HookKind, hook.on)),
            timeout_seconds=hook.timeout_seconds,
            caller=_caller(hook, place),
        )
        for place, hook in enumerate(settings)
        if hook.is_for(role, agent)
    )


def callable_hooks(settings: Iterable[HookSettings]) -> tuple[str, ...]:
    """Return the names of all hooks; ConfigError where one can't be called on this machine."""
    named = [(hook.called(place), _caller(hook, place)) for place, hook in enumerate(settings)]
    return tuple(name for name, _ in named)


def _caller(hook: HookSettings, place: int) -> Caller:
    if hook.url is None:
        return CommandCaller(hook.command)
    return HttpCaller(hook.called(place), hook.url)
