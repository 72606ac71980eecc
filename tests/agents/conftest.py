"""The rigs of the conformance suite, one per adapter."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from deputize.clock import ManualClock
from deputize.demo.model import ScriptedModel
from tests.agents.described_rigs import AIDER, MINI, OPENCODE
from tests.agents.rigs import (
    CLAUDE,
    CODEX,
    CODEX_ACP,
    COMMAND,
    COPILOT,
    COPILOT_ACP,
    GOOSE,
    Kind,
    Rig,
)
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = [
    pytest.param(COMMAND, id="command"),
    pytest.param(COPILOT, id="copilot"),
    pytest.param(COPILOT_ACP, id="copilot-acp"),
    pytest.param(CODEX, id="codex", marks=pytest.mark.real),
    pytest.param(CLAUDE, id="claude", marks=pytest.mark.real),
    pytest.param(CODEX_ACP, id="codex-acp", marks=pytest.mark.real),
    pytest.param(GOOSE, id="goose", marks=pytest.mark.real),
    pytest.param(OPENCODE, id="opencode", marks=pytest.mark.real),
    pytest.param(MINI, id="mini-swe-agent", marks=pytest.mark.real),
    pytest.param(AIDER, id="aider", marks=pytest.mark.real),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Give each adapter with its program."""
    chosen: Kind = request.param
    return chosen


@pytest.fixture
def rig(kind: Kind, program_environment: dict[str, str], tmp_path: Path) -> Iterator[Rig]:
    """Give an adapter that is set up to work against a scripted model."""
    workspace, state = tmp_path / "work space", tmp_path / "state"
    workspace.mkdir()
    state.mkdir()
    if kind.needs_git:
        subprocess.run(("git", "init", "-q"), cwd=workspace, check=True)
    with ScriptedModel(kind.script) as model:
        yield Rig(
            kind=kind,
            agent=kind.make(ManualClock(NOW)),
            model=model,
            environment=program_environment,
            workspace=workspace,
            state=state,
        )
