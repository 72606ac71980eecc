"""A program that speaks the Agent Client Protocol badly, in the way its first argument says."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

WAY = sys.argv[1]
INITIALIZED = {
    "protocolVersion": 1,
    "agentCapabilities": {"loadSession": WAY == "loads"},
    "agentInfo": {"name": "stub", "version": "1"},
}


def send(message: dict[str, Any]) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def update(**told: object) -> None:
    """Tell something of the session."""
    params = {"sessionId": "s1", "update": told}
    send({"method": "session/update", "params": params})


def say(text: object) -> None:
    """Say something."""
    update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})


def odd() -> None:
    """Say a lot that no schema has."""
    sys.stdout.write("Welcome!\n[1, 2]\n\n")
    send({"method": "session/unheard_of", "params": {}})
    update(sessionUpdate="from_the_future", value=1)
    update(sessionUpdate="agent_message_chunk", content="no object")
    update(sessionUpdate="tool_call", toolCallId=7, title=None, kind="teleport", rawInput=[1])
    say(3)
    say("x" * 1_000_000)


def hide() -> None:
    """Tell of a call at length, and ask for it in few words."""
    given = {"command": "rm -rf x" + " " * 5_000_000}
    update(sessionUpdate="tool_call", toolCallId="t1", kind="execute", rawInput=given)
    again = {"rawInput": {"command": "rm -rf x"}} if WAY == "hides-and-says" else {}
    options = [{"optionId": "yes", "kind": "allow_once"}, {"optionId": "no", "kind": "reject_once"}]
    params = {"sessionId": "s1", "toolCall": {"toolCallId": "t1", **again}, "options": options}
    send({"id": 98, "method": "session/request_permission", "params": params})
    say(json.loads(sys.stdin.readline())["result"]["outcome"]["optionId"])


def prompted(identifier: object) -> None:
    """Answer the prompt."""
    if WAY == "odd":
        odd()
    elif WAY == "crashes":
        sys.stderr.write("out of luck\n")
        os._exit(7)
    elif WAY == "hangs":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        say("waiting")
        time.sleep(1000)
    elif WAY == "closes":
        os.close(1)
        time.sleep(1000)
    elif WAY == "refuses":
        error = {"code": -32603, "message": "Internal error", "data": {"details": "429 slow down"}}
        send({"id": identifier, "error": error})
        return
    elif WAY.startswith("hides"):
        hide()
    elif WAY == "asks":
        send({"id": 99, "method": "fs/read_text_file", "params": {"path": "/etc/passwd"}})
        say(json.loads(sys.stdin.readline())["error"]["message"])
    reason = {"tires": "max_tokens", "declines": "refusal"}.get(WAY, "end_turn")
    send({"id": identifier, "result": {"stopReason": reason}})


def answer(message: dict[str, Any]) -> None:
    """Answer one request."""
    method, identifier = message["method"], message.get("id")
    if method == "initialize":
        version = {"protocolVersion": 99} if WAY == "new" else {}
        send({"id": identifier, "result": {**INITIALIZED, **version}})
    elif method == "session/new" and WAY == "locked":
        error = {"code": -32000, "message": "Authentication required"}
        send({"id": identifier, "error": error})
    elif method in {"session/new", "session/load"}:
        update(sessionUpdate="agent_message_chunk", content={"text": "from before"})
        send({"id": identifier, "result": {"sessionId": "s1"} if method == "session/new" else None})
    elif method == "session/prompt":
        if WAY == "repeats":
            say(message["params"]["prompt"][0]["text"])
        prompted(identifier)


if WAY == "leaves":
    sys.exit("Error: Not logged in")
for line in sys.stdin:
    answer(json.loads(line))
