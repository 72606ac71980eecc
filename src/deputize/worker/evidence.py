"""What an attempt came to, judged by facts: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deputize.model.attempt import NO_USAGE, ToolUse, Usage
from deputize.model.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ANSWER_CHARACTERS = 100_000
SUMMARY_CHARACTERS = 600
LINE_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was seen of an agent's run."""

    outcome: Outcome
    answer: str = ""
    exit_code: int | None = None
    error: str | None = None
    retry_at: datetime | None = None
    session: str | None = None
    model: str | None = None
    usage: Usage = NO_USAGE
    tools: tuple[ToolUse, ...] = ()
    left: Left | None = None
    """What the agent left, where checks have worked in the workspace since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was found in the workspace afterwards."""

    tree_changed: bool
    files: int = 0
    dirty: bool = False
    """Some of it was not committed by the agent; it has been, as the agent's work."""
    moved_head: str | None = None
    """How an agent that works in place moved HEAD, which it has to leave alone."""
    skipped: tuple[str, ...] = ()
    """Inner repositories, which are left out; `.` alone where the workspace itself is gone."""

    @property
    def is_removed(self) -> bool:
        """Tell whether the agent has removed the workspace."""
        return self.skipped == (".",)


def judge(seen: Seen, left: Left, rule: str) -> tuple[Outcome, str | None]:
    """Return the outcome, and a sentence where it isn't success.

    `rule` says whether a change is required, allowed or forbidden. An agent's own word of success
    counts only with the tree to show for it.
    """
    if seen.outcome is not Outcome.SUCCEEDED:
        return seen.outcome, seen.error
    if left.moved_head:
        message = f"an in-place task leaves HEAD and branch alone, and HEAD {left.moved_head}"
        return Outcome.POLICY_DENIED, message
    if rule == "required" and not left.tree_changed:
        what = _first_line(seen.answer)
        said = f"; it said: {what}" if what else ""
        did = "without changing a file"
        if left.is_removed:
            did = "with its workspace removed, and had committed nothing"
        return Outcome.NO_CHANGE, f"the agent ended {did}{said}"
    if rule == "forbidden" and left.tree_changed:
        files = "1 file" if left.files == 1 else f"{left.files} files"
        return Outcome.POLICY_DENIED, f"the agent changed {files}, though this task may change none"
    if rule == "forbidden" and not seen.answer.strip():
        return Outcome.AGENT_ERROR, "the agent ended without an answer"
    return Outcome.SUCCEEDED, None


def summary_of(answer: str) -> str | None:
    """Return the end of an answer as a summary: agents put it last."""
    text = answer.strip()
    if not text:
        return None
    return text if len(text) <= SUMMARY_CHARACTERS else "…" + text[-SUMMARY_CHARACTERS + 1 :]


def counted(tools: Mapping[str, ToolUse], name: str, *, ok: bool, denied: bool) -> ToolUse:
    """Return the tally of a tool after one more use."""
    before = tools.get(name) or ToolUse(name=name, count=0)
    return replace(
        before,
        count=before.count + 1,
        denied_count=before.denied_count + int(denied),
        failed_count=before.failed_count + int(not ok and not denied),
    )


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= LINE_CHARACTERS else line[: LINE_CHARACTERS - 1] + "…"
