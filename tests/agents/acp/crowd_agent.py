"""A program that speaks the Agent Client Protocol in several sessions at once.

Its arguments say what is wrong with it, if anything is; the first word of a prompt what it does.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import threading
import time
from typing import Any

WAYS = frozenset(sys.argv[1:])
OPTIONS = [
    {"optionId": "yes", "name": "Yes", "kind": "allow_once"},
    {"optionId": "no", "name": "No", "kind": "reject_once"},
]
speaking = threading.Lock()
folders: dict[str, pathlib.Path] = {}
cancelled: dict[str, threading.Event] = {}
answers: dict[int, Any] = {}
answered = threading.Condition()


def send(message: dict[str, Any]) -> None:
    """Write one message."""
    with speaking:
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        sys.stdout.flush()


def say(session: str, text: str) -> None:
    """Say something in a session."""
    told = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text", "text": text}}
    send({"method": "session/update", "params": {"sessionId": session, "update": told}})


def ask(session: str, path: pathlib.Path) -> str:
    """Ask for permission to write a file, and return what comes of it."""
    places = [{"path": str(path)}]
    call = {"toolCallId": "t1", "title": "write", "kind": "edit", "locations": places}
    with answered:
        number = 1000 + len(answers)
        answers[number] = None
    params = {"sessionId": session, "toolCall": call, "options": OPTIONS}
    send({"id": number, "method": "session/request_permission", "params": params})
    with answered:
        answered.wait_for(lambda: answers[number] is not None)
    outcome = answers[number]["outcome"]
    return str(outcome.get("optionId", outcome["outcome"]))


def awaits(session: str, sign: str) -> bool:
    """Wait for a file in the session's folder; tell whether it came before a cancellation."""
    sign_file = folders[session] / sign
    while not sign_file.exists():
        if cancelled[session].is_set():
            return False
        time.sleep(0.01)
    return True


def write(session: str, _: str) -> str:
    """Write a file, if that is allowed, and leave word of the answer."""
    folder = folders[session]
    outcome = ask(session, folder / "note.txt")
    (folder / "outcome.txt").write_text(outcome)
    if outcome == "yes":
        (folder / "note.txt").write_text("one\n")
    return "cancelled" if cancelled[session].is_set() else "end_turn"


def trespass(session: str, foreign: str) -> str:
    """Ask and say something in a session that is named in the prompt."""
    outcome = ask(foreign, folders[session] / "note.txt")
    say(foreign, "Foreign words.")
    (folders[session] / "outcome.txt").write_text(outcome)
    return "end_turn"


def wait(session: str, _: str) -> str:
    """Work until somebody says so."""
    (folders[session] / "begun").touch()
    return "end_turn" if awaits(session, "go") else "cancelled"


def leave(session: str, _: str) -> str:
    """Leave a process behind that has left our session of the system's."""
    folder = folders[session]
    forked = subprocess.Popen(("sleep", "300"), cwd=folder, start_new_session=True)
    (folder / "forked").write_text(str(forked.pid))
    return "end_turn"


def ignore(session: str, _: str) -> str:
    """Work on, whatever one is told."""
    (folders[session] / "begun").touch()
    time.sleep(1000)
    return "end_turn"


def crash(_: str, __: str) -> str:
    """End in the middle."""
    sys.stderr.write("out of luck\n")
    sys.stderr.flush()
    os._exit(7)


def hang_up(_: str, __: str) -> str:
    """Say nothing more, to anybody."""
    os.close(1)
    time.sleep(1000)
    return "end_turn"


def linger(session: str, _: str) -> str:
    """Have something still to do after the turn."""
    threading.Thread(target=ask_late, args=(session,), daemon=True).start()
    return "end_turn"


def ask_late(session: str) -> None:
    """Ask for something once somebody says so."""
    folder = folders[session]
    while not (folder / "go").exists():
        time.sleep(0.01)
    (folder / "outcome.part").write_text(ask(session, folder / "late.txt"))
    (folder / "outcome.part").rename(folder / "outcome.txt")


WORK = {
    "write": write,
    "trespass": trespass,
    "wait": wait,
    "leave": leave,
    "ignore": ignore,
    "crash": crash,
    "hang-up": hang_up,
    "linger": linger,
}


def prompted(identifier: object, session: str, prompt: str) -> None:
    """Work, and answer the prompt."""
    word, foreign, *_ = f"{prompt} ".split(" ")
    reason = WORK[word](session, foreign)
    say(session, f"Done in {folders[session].name}.")
    send({"id": identifier, "result": {"stopReason": reason}})


def opened(identifier: object, session: str, folder: str) -> None:
    """Answer that a session is there."""
    folders[session], cancelled[session] = pathlib.Path(folder), threading.Event()
    send({"id": identifier, "result": {"sessionId": session}})


def answer(message: dict[str, Any]) -> None:
    """Answer one message."""
    method, identifier = message.get("method"), message.get("id")
    given = message.get("params") or {}
    session = given.get("sessionId", "")
    if method is None:
        with answered:
            answers[message["id"]] = message["result"]
            answered.notify_all()
    elif method == "initialize":
        able: dict[str, object] = {} if "keeps" in WAYS else {"close": {}}
        info = {"loadSession": True, "sessionCapabilities": able}
        send({"id": identifier, "result": {"protocolVersion": 1, "agentCapabilities": info}})
    elif method == "session/new":
        (pathlib.Path(given["cwd"]) / "environment.json").write_text(
            json.dumps({"pid": os.getpid(), "cwd": str(pathlib.Path.cwd()), **os.environ})
        )
        if "silent" not in WAYS:
            name = "s" * 181 if "long" in WAYS else f"{len(folders)}"
            opened(identifier, "twin" if "twins" in WAYS else name, given["cwd"])
    elif method == "session/load":
        opened(identifier, session, given["cwd"])
    elif method == "session/prompt":
        told = (identifier, session, given["prompt"][0]["text"])
        threading.Thread(target=prompted, args=told, daemon=True).start()
    elif method == "session/cancel":
        cancelled[session].set()
    elif method == "session/close" and "clings" in WAYS:
        send({"id": identifier, "error": {"code": -32603, "message": "no"}})
    elif method == "session/close":
        (folders[session] / "closed").touch()
        send({"id": identifier, "result": {}})


if "leaves" in WAYS:
    sys.exit("Error: Not logged in")
if "helped" in WAYS:
    # What it needs for all its sessions, and is no session's.
    script = "print('up', flush=True); input()"
    words = (sys.executable, "-c", script)
    helper = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    # Before that it is still growing, and nobody could say how large it is.
    assert helper.stdout
    helper.stdout.readline()
    pathlib.Path(os.environ["SIGNS"], "helper").write_text(str(helper.pid))
if "waits" in WAYS:
    # Until somebody lets it, it says nothing; which one of several that is, its number tells.
    signs = pathlib.Path(os.environ["SIGNS"])
    (signs / f"up-{os.getpid()}").touch()
    while not (signs / "go").exists():
        time.sleep(0.01)
for line in sys.stdin:
    answer(json.loads(line))
