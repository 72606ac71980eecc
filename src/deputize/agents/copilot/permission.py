"""How a Copilot session asks before each tool call: a hook, and requests that no hook sees."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from copilot.rpc import PermissionDecisionApproveOnce, PermissionDecisionReject

from deputize.agents.vocabulary import action_of, opened
from deputize.model.policy import Action, Decision, Verdict

Ask = Callable[[Action], Awaitable[Decision]]


def pre_tool_use(ask: Ask) -> Callable[[Any, Any], Awaitable[dict[str, Any]]]:
    """Return the hook that decides every tool call; what it allows isn't asked about again."""

    async def decide(call: Any, _: object) -> dict[str, Any]:  # noqa: ANN401 - the SDK's typed dict
        name, arguments = str(call.get("toolName")), call.get("toolArgs")
        decision = await ask(action_of(name, arguments))
        if decision.verdict is Verdict.ALLOW:
            made = opened(name, arguments, decision)
            changed = {} if made is None else {"modifiedArgs": made}
            return {"permissionDecision": "allow", **changed}
        return {"permissionDecision": "deny", "permissionDecisionReason": _reason(decision)}

    return decide


def answers(
    ask: Ask,
) -> Callable[[Any, Any], Awaitable[PermissionDecisionApproveOnce | PermissionDecisionReject]]:
    """Return what answers requests that no hook was asked about, as those for hosts are."""

    async def answer(
        request: Any,  # noqa: ANN401 - one of the SDK's many kinds
        _: object,
    ) -> PermissionDecisionApproveOnce | PermissionDecisionReject:
        told = request.to_dict()
        decision = await ask(requested_action(told if isinstance(told, dict) else {}))
        if decision.verdict is Verdict.ALLOW:
            return PermissionDecisionApproveOnce()
        return PermissionDecisionReject(feedback=_reason(decision))

    return answer


def requested_action(request: Mapping[str, object]) -> Action:
    """Put a permission request into our vocabulary."""
    kind = str(request.get("kind") or "other")
    names = {
        "url": "web_fetch",
        "mcp": f"mcp__{request.get('toolName')}",
        "commands": "shell",  # as a request is told that has been waiting
    }
    title = request.get("intention")
    return action_of(
        names.get(kind, kind), request, title=title if isinstance(title, str) else None
    )


def _reason(decision: Decision) -> str:
    return f"{decision.reason} ({decision.rule})"
