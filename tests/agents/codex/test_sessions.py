"""The real Codex: sessions and their usage, logins, limits."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from deputize.agents.base import Noted
from deputize.clock import ManualClock
from deputize.demo.model import (
    CACHED_TOKENS,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    REASONING_TOKENS,
    ErrorReply,
    Scene,
    Script,
    ScriptedModel,
    Turn,
)
from deputize.model.attempt import Usage
from deputize.model.outcome import Outcome
from tests.agents.rigs import CODEX, Rig
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.anyio, pytest.mark.real]

MODEL_CALL = Usage(
    input_tokens=INPUT_TOKENS,
    output_tokens=OUTPUT_TOKENS,
    cached_tokens=CACHED_TOKENS,
    reasoning_tokens=REASONING_TOKENS,
)
SCRIPT = Script(
    scenes=(
        Scene(name="talk", contains="say something", turns=(Turn(say="Something."),)),
        Scene(
            name="wait",
            contains="wait for long",
            turns=(
                Turn(
                    fault=ErrorReply(status=429, message="Too many.", retry_after_seconds=1200),
                ),
            ),
        ),
        Scene(
            name="unknown",
            contains="be unknown",
            turns=(Turn(fault=ErrorReply(status=401, message="Who are you?")),),
        ),
    )
)


@pytest.fixture
def codex(program_environment: dict[str, str], tmp_path: Path) -> Iterator[Rig]:
    """Give Codex, set up to work against a scripted model."""
    workspace, state = tmp_path / "work space", tmp_path / "state"
    workspace.mkdir()
    with ScriptedModel(SCRIPT) as model:
        yield Rig(
            kind=CODEX,
            agent=CODEX.make(ManualClock(NOW)),
            model=model,
            environment=program_environment,
            workspace=workspace,
            state=state,
        )


async def test_each_turn_of_a_session_tells_its_own_usage(codex: Rig) -> None:
    """The program counts up over a session; in each new process only what is new is told."""
    first = await codex.run(codex.job("Please say something."))
    session = first.sessions()[0]
    assert first.usage() == MODEL_CALL
    for _ in range(2):
        again = await codex.run(codex.job("Please say something.", session=session))
        assert again.sessions() == [session]
        assert again.usage() == MODEL_CALL


async def test_the_past_of_a_session_from_elsewhere_is_not_told(codex: Rig) -> None:
    """Where nobody has kept what was told, a turn says so in place of it."""
    first = await codex.run(codex.job("Please say something."))
    session = first.sessions()[0]
    (codex.state / "told" / f"{session}.json").unlink()
    again = await codex.run(codex.job("Please say something.", session=session))
    assert again.usage() == Usage()
    notes = [event.text for event in again.events if isinstance(event, Noted)]
    assert any("begun elsewhere" in note for note in notes)
    third = await codex.run(codex.job("Please say something.", session=session))
    assert third.usage() == MODEL_CALL


async def test_a_session_with_a_name_that_is_none_is_begun_anew(codex: Rig) -> None:
    """What is no id of a thread never becomes an argument."""
    run = await codex.run(codex.job("Please say something.", session="--last"))
    assert run.report is not None
    assert run.report.outcome is Outcome.SUCCEEDED
    notes = [event.text for event in run.events if isinstance(event, Noted)]
    assert any("--last can't be resumed" in note for note in notes)


async def test_a_limit_that_the_program_would_wait_for_ends_the_run(codex: Rig) -> None:
    """Where the provider says to come again much later, the slot is given back with that time."""
    run = await codex.run(codex.job("Please wait for long."))
    assert run.report is not None
    assert run.report.outcome is Outcome.RATE_LIMITED
    assert run.report.retry_at == NOW + timedelta(seconds=1200)


async def test_a_login_that_is_refused_is_told_as_such(codex: Rig) -> None:
    """Status 401 is a matter of the login, after the program has tried a few times."""
    run = await codex.run(codex.job("Please be unknown."))
    assert run.report is not None
    assert run.report.outcome is Outcome.AUTH_FAILED
    assert "Who are you?" in (run.report.error or "")


async def test_without_a_provider_the_person_s_own_login_is_used(codex: Rig) -> None:
    """The key that Codex has stored in its home goes to the server that its settings name."""
    own = codex.workspace.parent / "program-home" / ".codex"
    own.mkdir()
    login = {"OPENAI_API_KEY": "sk-own-login", "tokens": None, "last_refresh": None}
    (own / "auth.json").write_text(json.dumps(login), encoding="utf-8")
    settings = (
        f"openai_base_url = {json.dumps(codex.model.openai_url)}\n"
        "features.plugins = false\nanalytics.enabled = false\n"
    )
    (own / "config.toml").write_text(settings, encoding="utf-8")
    job = replace(codex.job("Please say something."), provider=None, secrets={})
    job = replace(job, model="gpt-5.5")
    first = await codex.run(job)
    assert first.report is not None
    assert (first.report.outcome, first.report.answer) == (Outcome.SUCCEEDED, "Something.")
    again = await codex.run(replace(job, session=first.sessions()[0]))
    assert (again.sessions(), again.usage()) == (first.sessions(), MODEL_CALL)
    assert {request.key for request in codex.model.requests} == {"Bearer sk-own-login"}
