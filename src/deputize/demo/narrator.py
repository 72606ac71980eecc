"""Tells what is written in the journal, and what agents say and do, as lines for a person."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from deputize.demo.telling import text_of

if TYPE_CHECKING:
    from deputize.demo.stage import Stage
    from deputize.demo.voice import Voice
    from deputize.model.event import Entry

LONGEST = 110
"""Characters that are shown of what an agent says or does."""
WORDS_SECONDS = 1.0
"""How often an agent gets a word in; what it does is always shown."""
SAID, DID = "│", "▸"
"""How the lines of an attempt's log are marked."""


class Narrator:
    """Says each line with the moment of it, counted from when the narrator was made."""

    def __init__(self, voice: Voice, stage: Stage) -> None:
        """Tell with `voice` what happens on `stage`."""
        self._voice = voice
        self._stage = stage
        self._began = time.monotonic()
        self._words_at: dict[int, float] = {}

    def say(self, task: int | None, text: str) -> None:
        """Say what happened just now, to a task or to none."""
        passed = f"+{time.monotonic() - self._began:.2f} s"
        name = f"#{task}" if task else ""
        self._voice.say(f"  {passed:>8}  {name:<3} {self._stage.short(text)}")

    def event(self, entry: Entry) -> None:
        """Tell an entry of the journal, if it is of a kind that people want to hear of."""
        text = text_of(entry)
        if text:
            self.say(entry.task, text)

    def log_line(self, task: int, line: str, workspace: str | None) -> None:
        """Tell a line of an attempt's log: what the agent does, and now and then what it says."""
        _, _, marked = line.partition(" ")
        sign, _, words = marked.partition(" ")
        words = words.replace(f"{workspace}{os.sep}", "").strip()
        if words and (sign == DID or (sign == SAID and self._gets_a_word_in(task))):
            self.say(task, f"  {sign} {cut(words)}")

    def _gets_a_word_in(self, task: int) -> bool:
        now = time.monotonic()
        if now - self._words_at.get(task, now - WORDS_SECONDS) < WORDS_SECONDS:
            return False
        self._words_at[task] = now
        return True


def cut(text: str) -> str:
    """Shorten a text that is too long for a line."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
