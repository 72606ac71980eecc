"""The steps of a check, in order, each told as it is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deputize.agents.vocabulary import one_line
from deputize.model.agent_check import CheckStep, StepDone, StepState
from deputize.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

ORDER = tuple(CheckStep)
TEXT_CHARACTERS = 300


class Ledger:
    """What is known of a check so far."""

    def __init__(
        self, kind: str, tell: Callable[[StepDone], None], redactor: Redactor | None = None
    ) -> None:
        """Begin a check of an agent of this kind; `tell` hears of each step and never raises.

        What the redactor finds is taken out of all that is told.
        """
        self.steps: list[StepDone] = []
        self._kind = kind
        self._tell = tell
        self._redactor = redactor or Redactor()
        self._since = time.monotonic()

    @property
    def next(self) -> CheckStep | None:
        """The step that is under way."""
        return ORDER[len(self.steps)] if len(self.steps) < len(ORDER) else None

    @property
    def has_failed(self) -> bool:
        """Tell whether a step failed: then most of the later ones make no sense."""
        return any(done.state is StepState.FAILED for done in self.steps)

    def has(self, step: CheckStep) -> bool:
        """Tell whether a step is noted."""
        return ORDER.index(step) < len(self.steps)

    def note(self, step: CheckStep, text: str, state: StepState = StepState.OK) -> None:
        """Note a step, once; what comes before it and was not noted does not apply."""
        if not self.has(step):
            for skipped in ORDER[len(self.steps) : ORDER.index(step)]:
                self.not_applicable(skipped)
            self._add(step, text, state)

    def not_applicable(self, step: CheckStep) -> None:
        """Note a step that agents of this kind don't have."""
        self.note(step, f"kind {self._kind} has or shows none", StepState.NOT_APPLICABLE)

    def fail(self, text: str) -> None:
        """Note that the step that is under way failed."""
        if self.next is not None:
            self._add(self.next, text, StepState.FAILED)

    def close(self) -> None:
        """Note that the rest was not reached."""
        while self.next is not None:
            self._add(self.next, "", StepState.NOT_REACHED)

    def _add(self, step: CheckStep, text: str, state: StepState) -> None:
        now = time.monotonic()
        spent, self._since = round((now - self._since) * 1000), now
        # Redacted before it is cut: half a secret is no longer recognised as one.
        told = one_line(self._redactor.redacted(text), TEXT_CHARACTERS)
        done = StepDone(step=step, state=state, text=told, milliseconds=spent)
        self.steps.append(done)
        self._tell(done)
