"""What hooks make of a tool call: they narrow, and who can't be heard says no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.hooks.answers import problem_of, ruling_in
from deputize.hooks.documents import call_of
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from deputize.hooks.calling import Hook
    from deputize.hooks.documents import Fields
    from deputize.hooks.reply import Reply
    from deputize.model.policy import Action

    Call = Callable[[Hook, Fields], Awaitable[Reply]]


async def narrowed(
    action: Action, decision: Decision, hooks: Iterable[Hook], call: Call
) -> Decision:
    """Return what holds of a tool call after all hooks that decide: never more than before."""
    for hook in hooks:
        if decision.verdict is Verdict.DENY:
            break
        ruling = ruled(hook, await call(hook, call_of(action, decision)))
        decision = decision if ruling is None else decision.narrowed(ruling)
    return decision


def ruled(hook: Hook, reply: Reply) -> Decision | None:
    """Read what a hook decides; None where it has no opinion."""
    problem = reply.problem
    if problem is None:
        try:
            return ruling_in(reply.content, hook.rule)
        except InvalidInput as error:
            problem = problem_of(error)
    reason = f"the hook {hook.name} could not be heard: {problem}"
    return Decision(verdict=Verdict.DENY, rule=hook.rule, reason=reason)
