"""A program that speaks version 2 of the Agent Client Protocol, in the way its argument says."""

from __future__ import annotations

import base64
import json
import os
import pathlib
import sys
import time
from typing import Any

WAY = sys.argv[1]
NOTE = pathlib.Path.cwd() / "note.txt"
MODES = {
    "configId": "how",
    "category": "mode",
    "currentValue": "free",
    "options": [{"groupId": "g", "options": [{"value": "free"}, {"value": "ask"}]}],
}
MODELS = {"configId": "model", "currentValue": "a", "options": [{"value": "a"}, {"value": "b"}]}


def send(*messages: dict[str, Any]) -> None:
    """Write messages, several of them as a batch."""
    whole = [{"jsonrpc": "2.0", **message} for message in messages]
    sys.stdout.write(json.dumps(whole if len(whole) > 1 else whole[0]) + "\n")
    sys.stdout.flush()


def update(what: str, **told: object) -> dict[str, Any]:
    """Return what tells something of the session."""
    params = {"sessionId": "s1", "update": {"sessionUpdate": what, **told}}
    return {"method": "session/update", "params": params}


def text(words: str) -> dict[str, str]:
    """Return a block of text."""
    return {"type": "text", "text": words}


def is_allowed() -> bool:
    """Ask whether the note may be written, by a command or by an edit."""
    if WAY == "commands":
        subject: dict[str, Any] = {
            "type": "command",
            "command": f"touch {NOTE}",
            "cwd": str(NOTE.parent),
        }
    else:
        diff = {"type": "diff", "changes": [{"operation": "add", "path": str(NOTE)}]}
        call = {"toolCallId": "t1", "title": "Write", "kind": "edit", "content": [diff]}
        subject = {"type": "tool_call", "toolCall": call}
    options = [
        {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
        {"optionId": "no", "name": "No", "kind": "reject_once"},
    ]
    params = {"sessionId": "s1", "title": "May I?", "subject": subject, "options": options}
    send(update("state_update", state="requires_action"))
    send({"id": 99, "method": "session/request_permission", "params": params})
    outcome = json.loads(sys.stdin.readline())["result"]["outcome"]
    send(update("state_update", state="running"))
    return bool(outcome.get("optionId") == "yes")


def work() -> None:
    """Do what a prompt asks for, long after it was taken."""
    if WAY == "vanishes":
        os._exit(7)
    if WAY == "closes":
        os.close(1)
        time.sleep(1000)
    if WAY == "hangs":
        sys.stdin.readline()
        send(update("state_update", state="idle", stopReason="cancelled"))
        return
    send(update("agent_message_chunk", messageId="m1", content=text("At ")))
    send(update("agent_message", messageId="m1", content=[text("At once.")]))
    send(update("tool_call_update", toolCallId="t1", title="Write", kind="edit"))
    written = is_allowed()
    if written:
        NOTE.write_text("one\n", encoding="utf-8")
    shown = base64.b64encode(b"it is written").decode()
    send(
        update("terminal_output_chunk", terminalId="x", data=shown),
        update(
            "tool_call_update", toolCallId="t1", status="completed" if written else "failed",
            content=[{"type": "terminal", "terminalId": "x"}],
        ),
        update("agent_message", messageId="m2", content=[text("The wrong words.")]),
        update("agent_message", messageId="m2", content=[text("Do")]),
        update("agent_message_chunk", messageId="m2", content=text("ne.")),
    )  # fmt: skip
    usage = {"inputTokens": 5, "cachedReadTokens": 2, "outputTokens": 3, "totalTokens": 10}
    reason = "refusal" if WAY == "declines" else "end_turn"
    send(update("state_update", state="idle", stopReason=reason, usage=usage))


def answer(message: dict[str, Any]) -> None:
    """Answer one request."""
    method, identifier = message["method"], message.get("id")
    given = message.get("params", {})
    if method == "initialize":
        assert given["protocolVersion"] == 2
        assert given["info"]["name"]
        session: dict[str, object] | None = None if WAY == "sessionless" else {}
        able = {"protocolVersion": 2, "info": {}, "capabilities": {"session": session}}
        send({"id": identifier, "result": able})
    elif method in {"session/new", "session/resume"}:
        send(update("state_update", state="idle"))
        options = {"configOptions": [MODES, MODELS]}
        new = {"sessionId": "s1"} if method == "session/new" else {}
        send({"id": identifier, "result": {**new, **options}})
    elif method == "session/set_config_option":
        chosen = f"{given['configId']}={given['value']}\n"
        with pathlib.Path("chosen.txt").open("a", encoding="utf-8") as file:
            file.write(chosen)
        send({"id": identifier, "result": {"configOptions": []}})
    elif method == "session/prompt":
        send({"id": identifier, "result": {}})
        send(update("state_update", state="running"))
        work()


for line in sys.stdin:
    answer(json.loads(line))
