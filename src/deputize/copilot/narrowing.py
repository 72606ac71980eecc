"""A person's own hooks where Copilot is given a prompt at once: those that decide tool calls."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from anyio import to_thread

from deputize.hooks.calling import hooks_of
from deputize.hooks.deciding import narrowed
from deputize.model.hook import HookKind
from deputize.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from deputize.config.settings import Config
    from deputize.gate.ask import Narrow
    from deputize.hooks.calling import Hook
    from deputize.hooks.documents import Fields, Setting
    from deputize.hooks.reply import Reply
    from deputize.model.policy import Action, Decision

KIND = HookKind.BEFORE_TOOL
FACTS = {"DEPUTIZE_HOOK": KIND.value}


@asynccontextmanager
async def narrowing(
    config: Config, setting: Setting, session: str | None, secrets: Iterable[str]
) -> AsyncIterator[Narrow]:
    """Give what narrows the gate's answers; ConfigError where a hook can't be called at all."""
    found = hooks_of(config.hooks, setting.role, setting.agent)
    hooks = tuple(hook for hook in found if KIND in hook.on)
    redactor = Redactor(secrets)

    async def call(hook: Hook, more: Fields) -> Reply:
        document = setting.document(KIND, session, more)
        shown = await to_thread.run_sync(redactor.redacted_value, document)
        return await hook.call(cast("Fields", shown), FACTS)

    async def narrow(action: Action, decision: Decision) -> Decision:
        ruled = await narrowed(action, decision, hooks, call)
        return replace(ruled, reason=redactor.redacted(ruled.reason))

    try:
        yield narrow
    finally:
        for hook in found:
            await hook.caller.close()
