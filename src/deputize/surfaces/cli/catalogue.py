"""Every verb with one line about it, so that help needs no verb's module."""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "Delegate": {
        "add": "queue a task and return at once",
        "run": "queue a whole plan of tasks from a file",
        "wait": "wait until tasks have ended",
        "cancel": "stop tasks, running ones too",
        "retry": "set failed or cancelled tasks going again",
        "hold": "keep tasks from starting",
        "release": "let held tasks go on",
        "edit": "change a task that has not started",
        "pause": "start nothing more: of a role, a provider, an agent, or at all",
        "resume": "let what was paused go on",
    },
    "Look": {
        "status": "the board: what runs, what waits, what needs you",
        "list": "tasks, one per line",
        "show": "everything that is known of a task",
        "plan show": "a plan: its tasks in order, and what waits for what",
        "compare": "the tasks of a race, or of any plan, side by side",
        "logs": "what an attempt did and said",
        "diff": "what a task's change does",
        "result": "the answer of a task that has ended",
        "open": "the folder in which the newest attempt works",
        "changes list": "what attempts propose to land",
        "changes show": "everything that is known of a change",
        "stats": "how much was done, how fast, how often it failed, what waits",
        "sessions list": "agents' conversations that can be resumed",
        "sessions init": "name a session that tasks can go on in",
        "sessions resume": "queue a task that goes on in a session",
        "sessions destroy": "forget a session and what is kept of it",
        "audit": "the audit trail: who did what, when",
        "audit verify": "prove that nobody touched the audit trail",
        "audit rebuild": "write its files again from the journal",
    },
    "Answer": {
        "approvals": "questions that wait for you",
        "approve": "say yes",
        "deny": "say no",
        "trust": "let a repository's own commands run here",
        "policy show": "what agents may do: the profile, and every rule that holds",
        "policy test": "what the policy would answer to a tool call, and which rule says so",
        "policy explain": "why the gate said no, or asked, in a task",
    },
    "Run": {
        "up": "work in the foreground, in the background, or as a service",
        "worker": "work on tasks of some roles only",
        "down": "let all workers finish and end",
        "workers": "the workers that run",
        "store backup": "copy the database to a file, verified, while work goes on",
        "agents": "the agents that tasks can be given to",
        "check": "see whether an agent works here and obeys the gate, step by step",
        "provider add": "name a place where models are served, and keep its key safe",
        "provider list": "where models are served, and whether the keys are there",
        "provider test": "see whether providers answer, and what is wrong where not",
        "models": "models that are known: context, prices, what they are good for",
        "store migrate": "bring the store up to date with this deputize",
        "prune": "take what ended long ago out of the store, into files that keep it",
        "store copy": "copy the store to another database",
        "doctor": "check everything that deputize needs",
        "demo": "see the whole job done in a scratch folder, without an account",
        "schema": "print the JSON Schema of a plan or of a task",
        "redact": "take secrets out of text, as everything that is written and shown is",
        "completion": "print a completion script for your shell",
    },
}
"""Verbs by the moment in which they are needed, in the order in which help shows them."""

VERBS: dict[str, str] = {name: line for group in GROUPS.values() for name, line in group.items()}


def overview() -> str:
    """Return what `deputize --help` prints."""
    lines = [
        "usage: deputize VERB [OPTION…]",
        "",
        "Hand coding tasks to AI agents and keep working.",
        "",
        "  cd your-repository",
        '  deputize add "Fix the typo in README.md"   # returns at once, a worker starts by itself',
        "  deputize status                            # what runs, what waits, what needs you",
        "  deputize diff --latest                     # what it did",
    ]
    for title, verbs in GROUPS.items():
        lines += ["", f"{title}:"]
        lines += [f"  {name:<14} {line}" for name, line in verbs.items()]
    lines += ["", "`deputize VERB --help` explains a verb, with examples."]
    return "\n".join(lines)


def split(words: list[str]) -> tuple[str, list[str]]:
    """Take the verb, of one word or two, off the front of `words`; what follows is its own."""
    both = " ".join(words[:2])
    # Of a word that only begins verbs, the next one is the other half, right or wrong.
    halved = words[0] not in VERBS and any(verb.startswith(f"{words[0]} ") for verb in VERBS)
    named = len(words) > 1 and (both in VERBS or (halved and not words[1].startswith("-")))
    return (both, words[2:]) if named else (words[0], words[1:])
