"""Steps are noted once and in order, and none is left out."""

from __future__ import annotations

from deputize.desk.check.ledger import ORDER, Ledger
from deputize.model.agent_check import CheckStep, StepDone, StepState
from deputize.redaction import Redactor


def test_every_step_is_told_whatever_happens() -> None:
    """What was passed over does not apply, what came after the failure was not reached."""
    told: list[StepDone] = []
    ledger = Ledger("command", told.append)
    ledger.note(CheckStep.CONFIG, "found")
    ledger.note(CheckStep.PROMPT, "given")
    ledger.note(CheckStep.START, "too late")
    ledger.fail("no answer")
    ledger.close()
    assert [done.step for done in told] == list(ORDER)
    assert [done.state for done in told] == [
        StepState.OK,
        *[StepState.NOT_APPLICABLE] * 4,
        StepState.OK,
        StepState.FAILED,
        *[StepState.NOT_REACHED] * 3,
    ]


def test_what_agents_say_is_one_harmless_line() -> None:
    """A step's text has no secret, no control character, and an end."""
    told: list[StepDone] = []
    ledger = Ledger("command", told.append)
    ledger.note(CheckStep.CONFIG, "\x1b[31mtoken\nghp_" + "1" * 36 + " x" * 1000)
    (done,) = told
    assert "ghp_1" not in done.text
    assert done.text.isprintable()
    assert len(done.text) <= 300


def test_what_is_known_to_be_secret_is_not_told() -> None:
    """The key with which an agent is checked looks like nothing, and an agent may say it."""
    told: list[StepDone] = []
    ledger = Ledger("command", told.append, Redactor(["quiet-as-a-mouse"]))
    ledger.note(CheckStep.CONFIG, "key quiet-as-a-mouse was refused")
    assert [done.text for done in told] == ["key [redacted] was refused"]
