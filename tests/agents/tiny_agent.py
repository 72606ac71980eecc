"""A coding agent in one file: asks a model, does what it says, and knows two tools.

It takes its prompt on stdin and speaks OpenAI Chat Completions with the model at $MODEL_URL.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

TRY_LATER = 75
TOO_MANY_REQUESTS = 429
MOST_BYTES = 10_000
"""How much of what a command printed the model gets; people get all."""


def tool(name: str, *arguments: str) -> dict[str, Any]:
    """Describe a tool that takes texts."""
    properties = {argument: {"type": "string"} for argument in arguments}
    schema = {"type": "object", "properties": properties, "required": list(arguments)}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


TOOLS = [tool("create", "path", "content"), tool("bash", "command")]


def ask(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the model's next message; leaves with an exit code where it fails."""
    body = {"model": "scripted-model", "messages": messages, "tools": TOOLS}
    request = urllib.request.Request(  # noqa: S310 - the model of the test
        os.environ["MODEL_URL"] + "/chat/completions",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as response:  # noqa: S310 - as above
            message: dict[str, Any] = json.load(response)["choices"][0]["message"]
            return message
    except urllib.error.HTTPError as error:
        sys.stderr.write(f"{error.code} {error.read().decode()}\n")
        raise SystemExit(TRY_LATER if error.code == TOO_MANY_REQUESTS else 1) from error


def carry_out(call: dict[str, Any]) -> str:
    """Do one tool call and return what it gave."""
    arguments = json.loads(call["function"]["arguments"])
    if call["function"]["name"] == "create":
        pathlib.Path(arguments["path"]).write_text(arguments["content"], encoding="utf-8")
        return "written"
    done = subprocess.run(["/bin/sh", "-c", arguments["command"]], capture_output=True, check=False)
    sys.stdout.buffer.write(done.stdout)
    sys.stdout.flush()
    return done.stdout[:MOST_BYTES].decode()


def main() -> None:
    """Work until the model calls no tool any more."""
    prompt = f"Working directory: {pathlib.Path.cwd()}\n\n{sys.stdin.read()}"
    messages: list[dict[str, Any]] = [{"role": "user", "content": prompt}]
    while True:
        message = ask(messages)
        messages.append(message)
        if message.get("content"):
            sys.stdout.write(message["content"] + "\n")
            sys.stdout.flush()
        if not (calls := message.get("tool_calls")):
            return
        messages.extend(
            {"role": "tool", "tool_call_id": call["id"], "content": carry_out(call)}
            for call in calls
        )


if __name__ == "__main__":
    main()
