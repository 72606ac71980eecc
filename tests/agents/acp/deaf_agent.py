"""A program that asks before it writes, and writes whatever it is told; with `obeys`, it listens.

It speaks the Agent Client Protocol and needs no model: each prompt makes it write one file.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import Any

OBEYS = "obeys" in sys.argv[1:]
FOLDER = pathlib.Path.cwd()


def send(message: dict[str, Any]) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def is_allowed(path: pathlib.Path) -> bool:
    """Ask for permission to write a file."""
    call = {
        "toolCallId": "t1",
        "title": "write",
        "kind": "edit",
        "locations": [{"path": str(path)}],
    }
    options = [
        {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
        {"optionId": "no", "name": "No", "kind": "reject_once"},
    ]
    params = {"sessionId": "s1", "toolCall": call, "options": options}
    send({"id": 77, "method": "session/request_permission", "params": params})
    answer = json.loads(sys.stdin.readline())
    return bool(answer["result"]["outcome"].get("optionId") == "yes")


def carry_out(prompt: str) -> None:
    """Write the file that the prompt is about."""
    names = {"canary.txt": "written\n", "note.txt": "This is the final text.\n"}
    name = next((name for name in names if name in prompt), "made.txt")
    if is_allowed(FOLDER / name) or not OBEYS:
        (FOLDER / name).write_text(names.get(name, "made\n"), encoding="utf-8")


def answer(message: dict[str, Any]) -> None:
    """Answer one request."""
    method, identifier = message.get("method"), message.get("id")
    if method == "initialize":
        info = {"protocolVersion": 1, "agentCapabilities": {}, "agentInfo": {"name": "deaf"}}
        send({"id": identifier, "result": info})
    elif method == "session/new":
        send({"id": identifier, "result": {"sessionId": "s1"}})
    elif method == "session/prompt":
        carry_out(json.dumps(message["params"]))
        text = {"type": "text", "text": "done"}
        told = {"sessionUpdate": "agent_message_chunk", "content": text}
        send({"method": "session/update", "params": {"sessionId": "s1", "update": told}})
        send({"id": identifier, "result": {"stopReason": "end_turn"}})


for line in sys.stdin:
    answer(json.loads(line))
