"""A program that speaks as Claude Code does, badly, in the way its first argument says."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

WAY = sys.argv[1]
SESSION = "0a1b2c3d-0000-4000-8000-00000000000a"
LATER: list[dict[str, Any]] = []
WRITE = {"tool_name": "Write", "tool_use_id": "t1", "input": {"file_path": "a", "content": "x"}}


def send(message: object) -> None:
    """Write one message."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def hear(kind: str = "") -> dict[str, Any]:
    """Read one message, or the next one of a kind; those before it are kept."""
    if not kind and LATER:
        return LATER.pop(0)
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    heard: dict[str, Any] = json.loads(line)
    if kind and heard["type"] != kind:
        LATER.append(heard)
        return hear(kind)
    return heard


def ask(request: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """Ask for something and return the answer."""
    send({"type": "control_request", "request_id": "r", "request": request})
    told = hear("control_response")["response"]
    return told.get("response") or told["subtype"]


def hook(call: dict[str, Any]) -> dict[str, Any]:
    """Ask as the hook does."""
    told = {"hook_event_name": "PreToolUse", "tool_input": call["input"], **call}
    return {"subtype": "hook_callback", "callback_id": "gate", "input": told}


def end(text: str, **more: object) -> None:
    """Send the last message."""
    good = {"type": "result", "subtype": "success", "is_error": False, "num_turns": 1}
    send({**good, "result": text, "terminal_reason": "completed", **more})


def odd() -> None:
    """Say a lot that nobody has ever heard of."""
    sys.stdout.write("Welcome!\n[1, 2]\n\n" + "[" * 100_000 + "\n")
    for kind in ("from_the_future", None, ["a"], "system", "assistant", "user", "stream_event"):
        send({"type": kind, "message": 3, "event": "no", "session_id": [1], "subtype": "init"})
    send({"type": "assistant", "message": {"content": [1, {"type": "tool_use", "id": 7}]}})
    send({"type": "control_response", "response": {"request_id": ["x"], "response": 1}})
    send({"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": "x"}})
    send({"type": "assistant", "message": {"content": [{"type": "text", "text": "x" * 1_000_000}]}})
    end("odd", model_usage_since_last_result=[1], modelUsage={"m": 1})


def out_of_turn() -> list[Any]:
    """Ask for what is not there, and for tools that it doesn't name."""
    unsound = {"subtype": "can_use_tool", "tool_name": ["Write"], "input": {}}
    return [
        ask({"subtype": "mcp_message", "server_name": "x"}),
        ask(unsound),
        ask({"subtype": "hook_callback", "callback_id": "other", "input": {"tool_name": "Write"}}),
        ask({"subtype": "can_use_tool", "tool_name": "Write", "input": "none"}),
    ]


def again() -> None:
    """Ask for one call twice, then for another under its name."""
    other = {**WRITE, "input": {"file_path": "b"}}
    answers = [
        ask(hook(WRITE)),
        ask({"subtype": "can_use_tool", **WRITE}),
        ask({"subtype": "can_use_tool", **other}),
    ]
    end(json.dumps(answers))


def prompted() -> None:
    """Answer the prompt."""
    if WAY == "crashes":
        sys.stderr.write("out of luck\n")
        os._exit(7)
    elif WAY == "hangs":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        send({"type": "assistant", "message": {"content": [{"type": "text", "text": "waiting"}]}})
        time.sleep(1000)
    elif WAY == "closes":
        os.close(1)
        time.sleep(1000)
    elif WAY == "long":
        sys.stdout.write("x" * 10_000)
        sys.stdout.flush()
        hear()
    elif WAY in {"early", "out-of-turn"}:
        end(json.dumps(EARLY or out_of_turn()))
    elif WAY == "late":
        end("done")
        ask(hook(WRITE))
    elif WAY == "wrong":
        end("no", is_error="no", subtype=3, errors=[1], terminal_reason=[])
    else:
        {"odd": odd, "again": again}[WAY]()
    hear()


if WAY == "leaves":
    sys.exit("Not logged in")
EARLY = out_of_turn() if WAY == "early" else []
begun: dict[str, Any] = {"hooks_applied": WAY != "unwilling"}
told = {"subtype": "success", "request_id": hear()["request_id"], "response": begun}
if WAY == "refuses":
    told = {**told, "subtype": "error"}
send({"type": "control_response", "response": told})
hear()
prompted()
