"""A person's own hooks in the session of one attempt: who is asked, who is told, and when.

What decides tool calls fails closed: who can't be heard says no. All others are only noted where
they fail. They are made anew for each session, and called with what its redactor lets through.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import anyio

from deputize import log as diagnostics
from deputize.config.load import load_config
from deputize.errors import AgentError, ConfigError, DeputizeError, InvalidInput
from deputize.hooks.answers import context_in, problem_of
from deputize.hooks.calling import hooks_of
from deputize.hooks.deciding import narrowed
from deputize.hooks.documents import Fields, Setting, end_of, error_of, result_of
from deputize.hooks.reply import Reply
from deputize.model.event import Event
from deputize.model.hook import HookKind
from deputize.model.outcome import MEANINGS, Outcome
from deputize.model.retry import next_step
from deputize.store import attempts
from deputize.worker.running import Stop
from deputize.workshop import aside
from deputize.workspace.processes.environment import attempt_marker, markers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

    from deputize.agents.base import AgentEvent
    from deputize.config.settings import Config
    from deputize.hooks.calling import Hook
    from deputize.model.policy import Action, Decision
    from deputize.model.retry import Again, Over
    from deputize.queue import Ending
    from deputize.worker.running import Running
    from deputize.worker.steps import Steps

MOST_WAITING = 1000
"""Results that wait to be told; more of them are left out, and that is noted."""
MOST_BEGUN = 1000
"""Calls that have begun and not ended, of which it is remembered what they are."""
LAST_SECONDS = 30.0
"""How long results are still told once the agent has ended."""
NO_ERRORS = frozenset({Outcome.SUCCEEDED, Outcome.CANCELLED, Outcome.PARKED, Outcome.RACE_LOST})
"""Ends that nothing went wrong in."""


class Hooking:
    """The hooks of one attempt's session."""

    def __init__(self, steps: Steps, hooks: tuple[Hook, ...], workspace: Path | None) -> None:
        """Begin; nobody is called yet."""
        task, attempt = steps.claim.task, steps.claim.attempt
        self.session: str | None = task.session
        self._steps = steps
        self._hooks = hooks
        self._setting = Setting(
            task=task.id,
            attempt=attempt.number,
            role=task.role,
            agent=task.agent,
            repo=task.repo,
            workspace=None if workspace is None else str(workspace),
        )
        self._marks = markers(task.id, attempt_marker(attempt.token))
        self._begun: dict[str, str] = {}
        self._outgoing, self._incoming = _results()
        self._owed = 0
        """Results that nobody has been told yet, or ever will be."""
        self._last = anyio.CancelScope()
        self._noted: set[tuple[str, HookKind]] = set()

    def on(self, kind: HookKind) -> Iterator[Hook]:
        """Return the hooks of a kind, in their order."""
        return (hook for hook in self._hooks if kind in hook.on)

    async def narrow(self, action: Action, decision: Decision) -> Decision:
        """Return what holds of a tool call after all hooks that decide: never more than before."""
        hooks = self.on(HookKind.BEFORE_TOOL)
        found = await narrowed(action, decision, hooks, self._ask)
        if found.verdict is not decision.verdict:
            self._steps.log.milestone(f"{found.rule} says {found.verdict}: {found.reason}")
        return replace(found, reason=self._steps.redactor.redacted(found.reason))

    async def _ask(self, hook: Hook, more: Fields) -> Reply:
        return await self._call(hook, HookKind.BEFORE_TOOL, more)

    async def started(self) -> list[str]:
        """Tell that a session is about to begin; return what its agent is to be told besides."""
        return await self._contexts(HookKind.SESSION_START, {})

    async def prompted(self, prompt: str) -> list[str]:
        """Show the prompt; return what is to be added to it."""
        return await self._contexts(HookKind.PROMPT, {"prompt": prompt})

    async def _contexts(self, kind: HookKind, more: Fields) -> list[str]:
        found = []
        for hook in self.on(kind):
            reply, context = await self._call(hook, kind, more), ""
            problem = reply.problem
            if problem is None:
                try:
                    context = await aside(context_in, reply.content)
                except InvalidInput as error:
                    problem = problem_of(error)
            if problem is not None:
                await self._note(hook, kind, problem)
            elif context:
                self._steps.log.milestone(f"hook {hook.name} adds to the prompt")
                found.append(await aside(self._steps.redactor.redacted, context))
        return found

    def hear(self, event: AgentEvent) -> None:
        """Take an event of the agent that has been made fit to be shown; never blocks."""
        from deputize.agents.base import SessionStarted, ToolFinished, ToolStarted

        match event:
            case SessionStarted(token=token):
                self.session = token
            case ToolStarted(id=call, summary=summary) if len(self._begun) < MOST_BEGUN:
                self._begun[call] = summary
            case ToolFinished():
                summary = self._begun.pop(event.id, "")
                result = result_of(
                    event.name, summary, event.output, ok=event.ok, denied=event.denied
                )
                self._hand(result)

    def _hand(self, result: Fields) -> None:
        if not any(self.on(HookKind.AFTER_TOOL)):
            return
        self._owed += 1
        with suppress(anyio.WouldBlock, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self._outgoing.send_nowait(result)

    async def tell_results(self) -> None:
        """Tell what came of tool calls, one after the other, until there are no more."""
        with self._incoming, self._last:
            async for result in self._incoming:
                for hook in self.on(HookKind.AFTER_TOOL):
                    await self._tell(hook, HookKind.AFTER_TOOL, result)
                self._owed -= 1
        if self._owed:
            self._steps.log.stderr(f"results that hooks were not told: {self._owed}")

    def no_more_results(self) -> None:
        """Let `tell_results` end once it has told what there is, or time is up."""
        self._outgoing.close()
        self._last.deadline = anyio.current_time() + LAST_SECONDS

    async def ended(self, ending: Ending) -> None:
        """Tell how the session ended; see `failed` for what went wrong in it."""
        said = end_of(ending.outcome, ending.error, ending.summary, ending.usage, ending.tools)
        for hook in self.on(HookKind.SESSION_END):
            await self._tell(hook, HookKind.SESSION_END, said)

    async def failed(self, ending: Ending) -> None:
        """Tell what went wrong, if anything did, and what is done next."""
        if ending.outcome in NO_ERRORS or not any(self.on(HookKind.ERROR)):
            return
        step = await self._steps.shop.in_store(self._next_step, ending)
        meaning = MEANINGS[ending.outcome]
        said = error_of(ending.outcome, ending.error, step, meaning.what_to_do)
        for hook in self.on(HookKind.ERROR):
            await self._tell(hook, HookKind.ERROR, said)

    def _next_step(self, ending: Ending) -> Again | Over:
        task = self._steps.claim.task
        with self._steps.shop.database.read() as transaction:
            history = attempts.of_task(transaction, task.id)
        now = self._steps.shop.now()
        return next_step(task, history, ending.outcome, now, ending.retry_at)

    async def close(self) -> None:
        """Let go of what the calls had in common."""
        self._outgoing.close()
        self._incoming.close()
        for hook in self._hooks:
            await hook.caller.close()

    async def _tell(self, hook: Hook, kind: HookKind, more: Fields) -> None:
        reply = await self._call(hook, kind, more)
        if reply.problem is not None:
            await self._note(hook, kind, reply.problem)

    async def _call(self, hook: Hook, kind: HookKind, more: Fields) -> Reply:
        document = self._setting.document(kind, self.session, more)
        facts = {"DEPUTIZE_HOOK": kind.value}
        try:
            shown = await aside(self._steps.redactor.redacted_value, document)
            return await hook.call(cast("Fields", shown), self._marks | facts)
        except Exception as error:  # noqa: BLE001 - whatever it was, it ends no attempt
            return Reply(problem=f"it could not be called: {error}")

    async def _note(self, hook: Hook, kind: HookKind, problem: str) -> None:
        """Note that a hook failed: each time in the log, and the first time in the journal."""
        self._steps.log.stderr(f"hook {hook.name} failed ({kind}): {problem}")
        if (hook.name, kind) in self._noted:
            return
        self._noted.add((hook.name, kind))
        body = {"name": hook.name, "hook": kind.value, "problem": problem}
        try:
            await self._steps.note(
                Event(kind="attempt.hook_failed", actor=f"hook:{hook.name}", body=body)
            )
        except DeputizeError as error:
            diagnostics.get("worker").warning("a hook's failure was not noted", error=error.message)


def _results() -> tuple[MemoryObjectSendStream[Fields], MemoryObjectReceiveStream[Fields]]:
    return anyio.create_memory_object_stream(MOST_WAITING)


def hooking_of(steps: Steps, config: Config, workspace: Path | None) -> Hooking:
    """Make the hooks of an attempt; AgentError, parked, where one can't be called at all."""
    task = steps.claim.task
    try:
        hooks = hooks_of(config.hooks, task.role, task.agent)
    except ConfigError as error:
        raise AgentError(Outcome.PARKED, f"{error.message} ({error.hint})") from error
    return Hooking(steps, hooks, workspace)


async def tell_end(running: Running, ending: Ending) -> None:
    """Tell hooks how an attempt ends, unless the worker has to go, or the attempt isn't ours."""
    hooking = running.hooking or _without_bench(running.steps)
    if hooking is None:
        return
    try:
        if running.stop not in {Stop.WORKER_STOPPED, Stop.LEASE_LOST}:
            await _tell_end(hooking, ending, began=running.hooking is not None)
    except Exception as error:  # noqa: BLE001 - work that is done is not lost for it
        diagnostics.get("worker").warning("hooks were not told an end", error=str(error))
    finally:
        await hooking.close()


async def _tell_end(hooking: Hooking, ending: Ending, *, began: bool) -> None:
    if began:
        await hooking.ended(ending)
    await hooking.failed(ending)


def _without_bench(steps: Steps) -> Hooking | None:
    """Return the hooks of an attempt that could not begin, as far as settings can be read."""
    try:
        return hooking_of(steps, load_config(steps.shop.home.config), None)
    except (AgentError, ConfigError):
        return None
