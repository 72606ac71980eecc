"""What was decided is what is opened, however long the answer takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.agents.vocabulary import action_of, opened
from deputize.gate.ask import gate_for
from deputize.gate.decide import Bounds
from deputize.gate.steady import steady
from deputize.model.policy import Decision, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.gate.steady import Ask
    from deputize.model.policy import Action

pytestmark = pytest.mark.anyio

WRITE = action_of("create", {"path": "notes/a.txt"})


def gate(workspace: Path, kept: list[Decision], *, swap: Path | None = None) -> Ask:
    """Make the gate; while it answers, a link to `swap` takes the place of the folder `notes`."""

    async def record(_: Action, decision: Decision) -> None:
        kept.append(decision)

    async def narrow(_: Action, decision: Decision) -> Decision:
        if swap is not None:
            (workspace / "notes").rmdir()
            (workspace / "notes").symlink_to(swap)
        return decision

    bounds = Bounds(workspace=str(workspace), may_write=True)
    return steady(gate_for(bounds, record, narrow), str(workspace), record)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with a folder, and a folder beside it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "inside" / "notes").mkdir(parents=True)
    return (tmp_path / "inside").resolve()


async def test_a_link_that_is_put_there_meanwhile_takes_a_yes_back(workspace: Path) -> None:
    """While a hook or a person was asked; both answers are on record."""
    kept: list[Decision] = []
    ask = gate(workspace, kept, swap=workspace.parent / "outside")
    decision = await ask(WRITE)
    assert (decision.verdict, decision.rule) == (Verdict.DENY, "moved")
    assert [each.rule for each in kept] == ["workspace", "moved"]


async def test_a_path_that_stays_is_what_is_opened(workspace: Path) -> None:
    """A relative one becomes the one that was decided; another answer is none of this."""
    kept: list[Decision] = []
    decision = await gate(workspace, kept)(WRITE)
    assert decision.verdict is Verdict.ALLOW
    given = {"path": "notes/a.txt", "file_text": "notes/a.txt"}
    made = opened("create", given, decision)
    assert made == {"path": f"{workspace}/notes/a.txt", "file_text": "notes/a.txt"}
    assert opened("create", made, decision) is None
    outside = await gate(workspace, kept)(action_of("create", {"path": "../a"}))
    assert (outside.verdict, outside.rule) == (Verdict.DENY, "outside")


async def test_only_known_tools_of_files_have_paths_to_make_whole(workspace: Path) -> None:
    """What a server's tool calls `path` may be anything; a list of paths is taken one by one."""
    decision = await gate(workspace, [])(action_of("view", {"paths": ["notes", "/etc/hosts"]}))
    assert opened("github__read", {"path": "notes"}, decision) is None
    assert opened("bash", {"command": "ls", "path": "notes"}, decision) is None
    made = opened("view", {"paths": ["notes", "/etc/hosts", 5]}, decision)
    assert made == {"paths": [f"{workspace}/notes", "/etc/hosts", 5]}
