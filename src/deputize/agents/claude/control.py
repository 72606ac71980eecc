"""What Claude Code asks for before each tool call, as an action, and the answers to it: pure.

It is told by a hook to ask before every call, those too that it would allow by itself. A call that
it then still wants a permission for is answered as the hook was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.agents.jsonl import Json, as_object, as_text
from deputize.agents.vocabulary import action_of
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from deputize.model.policy import Action

HOOK = "PreToolUse"
GATE = "gate"
"""What we call our hook."""
HOOK_SECONDS = 7 * 24 * 3600
"""How long the gate may take to answer; after that the program would decide by itself."""
CLAUDE_MD = "CLAUDE.md"
READ_FIRST = f"Your working directory has instructions for you in {CLAUDE_MD}. Read that first."
UNKNOWN = Decision(
    verdict=Verdict.DENY, rule="unknown", reason="this is no request that is answered here"
)
UNDECIDED = Decision(verdict=Verdict.DENY, rule="undecided", reason="the gate could not decide")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A tool call that waits for an answer."""

    identifier: str
    name: str
    arguments: Json
    is_hook: bool

    @property
    def action(self) -> Action | None:
        """Return it in our vocabulary; None where it isn't told what is to be called, with what."""
        return action_of(self.name, self.arguments) if self.name else None


def initialize(*, has_instructions: bool) -> Json:
    """Return the request that begins a conversation."""
    hook: Json = {"matcher": None, "hookCallbackIds": [GATE], "timeout": HOOK_SECONDS}
    request: Json = {"subtype": "initialize", "hooks": {HOOK: [hook]}}
    if has_instructions:
        request["appendSystemPrompt"] = READ_FIRST
    return request


def pays_by_token(begun: Json) -> bool:
    """Tell from the answer to it whether the login is a key, and no subscription."""
    account = as_object(begun.get("account"))
    key = as_text(account.get("apiKeySource"))
    return key not in {"", "none"} and not account.get("subscriptionType")


def prompt_message(prompt: str) -> Json:
    """Return a prompt as a message; what begins with a slash is no command to the program."""
    text = f"\n{prompt}" if prompt.lstrip().startswith("/") else prompt
    return {
        "type": "user",
        "message": {"role": "user", "content": [{"type": "text", "text": text}]},
        "parent_tool_use_id": None,
        "session_id": "",
    }


def asked_in(request: Json) -> Asked | None:
    """Return the tool call that a request is about; None where it is about something else."""
    kind = request.get("subtype")
    if kind == "can_use_tool":
        return _asked(request, request.get("input"), is_hook=False)
    if kind == "hook_callback":
        told = as_object(request.get("input"))
        is_ours = request.get("callback_id") == GATE and told.get("hook_event_name") == HOOK
        return _asked(told if is_ours else {}, told.get("tool_input"), is_hook=True)
    return None


def _asked(told: Json, arguments: object, *, is_hook: bool) -> Asked:
    is_sound = isinstance(arguments, dict)
    return Asked(
        identifier=as_text(told.get("tool_use_id")),
        name=as_text(told.get("tool_name")) if is_sound else "",
        arguments=as_object(arguments),
        is_hook=is_hook,
    )


def answer_to(asked: Asked, decision: Decision) -> Json:
    """Return what carries a decision out; what isn't allowed is denied."""
    allowed, reason = decision.verdict is Verdict.ALLOW, f"{decision.reason} ({decision.rule})"
    if asked.is_hook:
        output: Json = {
            "hookEventName": HOOK,
            "permissionDecision": "allow" if allowed else "deny",
            "permissionDecisionReason": reason,
        }
        return {"hookSpecificOutput": output}
    if allowed:
        return {"behavior": "allow", "updatedInput": asked.arguments}
    return {"behavior": "deny", "message": reason}


def response(identifier: str, answer: Json | None) -> Json:
    """Return the message that answers a request; without an answer it is refused."""
    told: Json = {"subtype": "success", "request_id": identifier, "response": answer}
    if answer is None:
        told = {"subtype": "error", "request_id": identifier, "error": UNKNOWN.reason}
    return {"type": "control_response", "response": told}
