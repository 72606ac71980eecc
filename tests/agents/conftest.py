"""The rigs of the conformance suite, one per adapter."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import pytest

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.copilot.agent import CopilotAgent
from deputize.clock import ManualClock
from deputize.demo.model import ScriptedModel
from deputize.workspace.processes.tree import find_tree
from tests.agents.described_rigs import AIDER, GEMINI, MINI, OPENCODE
from tests.agents.rigs import (
    CLAUDE,
    CODEX,
    CODEX_ACP,
    CODEX_ACP_SHARED,
    COMMAND,
    COPILOT,
    COPILOT_ACP,
    COPILOT_ACP_SHARED,
    COPILOT_SHARED,
    GOOSE,
    GOOSE_SHARED,
    POOL,
    Kind,
    Rig,
)
from tests.agents.scenes import NOW

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from deputize.agents.base import Agent

KINDS = [
    pytest.param(COMMAND, id="command"),
    pytest.param(COPILOT, id="copilot"),
    pytest.param(COPILOT_SHARED, id="copilot-shared"),
    pytest.param(COPILOT_ACP, id="copilot-acp"),
    pytest.param(COPILOT_ACP_SHARED, id="copilot-acp-shared"),
    pytest.param(CODEX, id="codex", marks=pytest.mark.real),
    pytest.param(CLAUDE, id="claude", marks=pytest.mark.real),
    pytest.param(CODEX_ACP, id="codex-acp", marks=pytest.mark.real),
    pytest.param(CODEX_ACP_SHARED, id="codex-acp-shared", marks=pytest.mark.real),
    pytest.param(GOOSE, id="goose", marks=pytest.mark.real),
    pytest.param(GOOSE_SHARED, id="goose-shared", marks=pytest.mark.real),
    pytest.param(OPENCODE, id="opencode", marks=pytest.mark.real),
    pytest.param(MINI, id="mini-swe-agent", marks=pytest.mark.real),
    pytest.param(GEMINI, id="gemini", marks=pytest.mark.real),
    pytest.param(AIDER, id="aider", marks=pytest.mark.real),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Give each adapter with its program."""
    chosen: Kind = request.param
    return chosen


def _settle(home: Path, kind: Kind) -> None:
    """Put the settings of its own that a program wants into its home."""
    for name, content in kind.home.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")


@pytest.fixture
async def rig(
    kind: Kind, program_environment: dict[str, str], tmp_path: Path
) -> AsyncIterator[Rig]:
    """Give an adapter that is set up to work against a scripted model."""
    workspace, state = tmp_path / "work space", tmp_path / "state"
    workspace.mkdir()
    state.mkdir()
    _settle(Path(program_environment["HOME"]), kind)
    if kind.needs_git:
        await anyio.run_process(("git", "init", "-q"), cwd=workspace)
    with ScriptedModel(kind.script) as model:
        agent = kind.make(ManualClock(NOW))
        async with _tended(agent):
            yield Rig(
                kind=kind,
                agent=agent,
                model=model,
                environment=program_environment,
                workspace=workspace,
                state=state,
            )


@asynccontextmanager
async def _tended(agent: Agent) -> AsyncIterator[None]:
    """Tend the pool that an agent's programs are in, if they are, and leave none of them."""
    pool = agent.pool if isinstance(agent, AcpAgent | CopilotAgent) else None
    async with anyio.create_task_group() as group:
        if pool is not None:
            group.start_soon(pool.tend)
        yield
        if pool is not None:
            await pool.drain()
        group.cancel_scope.cancel()
    assert not find_tree(POOL)
