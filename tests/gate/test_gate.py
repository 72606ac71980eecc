"""The gate: what an agent may write, wherever its paths really lead, and nothing off the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.gate.ask import gate_for, resolve
from deputize.gate.decide import Bounds, decide
from deputize.model.policy import Action, Decision, Tool, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Make a workspace with links that lead out of it and in it."""
    place = tmp_path / "workspace"
    (place / "src").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "state").mkdir()
    (place / "out").symlink_to(tmp_path / "outside")
    (place / "hop").symlink_to("out")
    (place / "in").symlink_to("src")
    (place / "new").symlink_to(tmp_path / "outside" / "not-there-yet")
    return place


def bounds_of(workspace: Path, *, may_write: bool = True) -> Bounds:
    """Say what an attempt may touch: its workspace, and the state of its agent beside it."""
    state = str(workspace.parent / "state")
    return Bounds(workspace=str(workspace), may_write=may_write, own=(state,))


def write(*paths: str) -> Action:
    """Make a call that writes these paths."""
    return Action(tool=Tool.WRITE, name="edit", summary="edit", paths=paths)


def answer(workspace: Path, *paths: str, may_write: bool = True) -> Decision:
    """Decide a call that writes these paths."""
    bounds = bounds_of(workspace, may_write=may_write)
    return decide(write(*paths), bounds, tuple(resolve(path, str(workspace)) for path in paths))


INSIDE = (
    *("a.py", "./src/../a.py", "src/new/deep.py", "{workspace}/a.py", "in/a.py", "a b\n.py"),
    *("file://{workspace}/a.py", "FILE:///{workspace}/a.py", "file://localhost{workspace}/a.py"),
    *("file:src/a.py", "file:{workspace}/a%20b.py", ".github/x.yml", ".gitignore", "src/.gitkeep"),
    *("{workspace}/../state/session.json", "..a", "...", "x.git", "agit"),
)
OUTSIDE = (
    *("..", "../a.py", "src/../../a.py", "/etc/passwd", "{workspace}-2/a.py", "/", "~/.ssh/config"),
    *("out/a.py", "hop/a.py", "{workspace}/out/deep/a.py", "new", "{workspace}/../state-2/x"),
    *("file:///etc/passwd", "file:/etc/passwd", "FILE://localhost/etc/passwd", "file:../x"),
    *("file://{workspace}/%2e%2e/a.py", "file://{workspace}/..%2Fa.py", "file:out/a.py"),
)
GIT = (
    *(".git", ".git/config", "src/../.git/hooks/pre-commit", ".GIT/config", ".Git/HEAD"),
    *("sub/.git/config", "sub/.gIt", "file:.git/config", "file:%2egit/config", "{workspace}/.git"),
)


@pytest.mark.parametrize("tool", list(Tool))
@pytest.mark.parametrize("tools", [None, (), ("read",), ("read", "write"), ("shell", "other")])
def test_a_role_uses_only_its_kinds_of_tools(
    workspace: Path, tool: Tool, tools: tuple[str, ...] | None
) -> None:
    """All without a list, none with an empty one; what is on it is decided as ever."""
    held = Bounds(
        workspace=str(workspace),
        may_write=True,
        tools=None if tools is None else frozenset(tools),
    )
    action = Action(tool=tool, name="x", summary="x", paths=("a.py",))
    decision = decide(action, held, (str(workspace / "a.py"),))
    assert (decision.verdict is ALLOW) == (tools is None or tool in tools)
    assert decision.rule == ("workspace" if decision.verdict is ALLOW else "role")
    outside = decide(action, held, ("/etc/passwd",))
    assert outside.verdict is (DENY if tool is Tool.WRITE else decision.verdict)


@pytest.mark.parametrize("path", INSIDE)
def test_a_path_inside_may_be_written(workspace: Path, path: str) -> None:
    """However it is spelled, and by whichever link it leads there."""
    assert answer(workspace, path.format(workspace=workspace)).verdict is ALLOW


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_outside_may_not(workspace: Path, path: str) -> None:
    """Not by dots, links, URIs, escapes, a home, or a folder whose name begins alike."""
    decision = answer(workspace, path.format(workspace=workspace))
    assert (decision.verdict, decision.rule) == (DENY, "outside")


@pytest.mark.parametrize("path", GIT)
def test_gits_own_files_may_not(workspace: Path, path: str) -> None:
    """In no folder and in no case, for some file systems fold it."""
    decision = answer(workspace, path.format(workspace=workspace))
    assert (decision.verdict, decision.rule) == (DENY, "git")


def test_one_bad_path_among_good_ones_denies_the_call(workspace: Path) -> None:
    """And a call that doesn't say what it writes is denied too."""
    assert answer(workspace, "a.py", "../b.py", "c.py").verdict is DENY
    assert answer(workspace).rule == "write-unknown"


def test_who_may_only_read_writes_nowhere_but_in_its_own_state(workspace: Path) -> None:
    """An inspector changes no file of the workspace; its program may keep its session."""
    state = str(workspace.parent / "state" / "session.json")
    assert answer(workspace, "a.py", may_write=False).rule == "read-only"
    assert answer(workspace, may_write=False).rule == "read-only"
    assert answer(workspace, state, "a.py", may_write=False).rule == "read-only"
    assert answer(workspace, "/etc/passwd", may_write=False).rule == "outside"
    assert answer(workspace, state, may_write=False).verdict is ALLOW


@pytest.mark.parametrize("tool", [tool for tool in Tool if tool is not Tool.WRITE])
def test_what_is_no_write_is_judged_by_the_tree_afterwards(workspace: Path, tool: Tool) -> None:
    """Reading and commands are allowed: what they write can't be told from their text."""
    action = Action(tool=tool, name="x", summary="x", paths=("/etc/passwd",), command="rm -rf /")
    assert decide(action, bounds_of(workspace), ("/etc/passwd",)).verdict is ALLOW


class Record:
    """Keeps what the gate puts on record, or fails to."""

    def __init__(self, error: Exception | None = None) -> None:
        """Fail with `error`, if there is one."""
        self.entries: list[tuple[Action, Decision]] = []
        self.error = error

    async def __call__(self, action: Action, decision: Decision) -> None:
        """Keep it."""
        if self.error:
            raise self.error
        self.entries.append((action, decision))


def gate(workspace: Path, record: Record) -> Callable[[Action], Awaitable[Decision]]:
    """Make the gate of an attempt that may write."""
    return gate_for(bounds_of(workspace), record)


@pytest.mark.anyio
async def test_every_answer_is_on_record_before_it_is_given(workspace: Path) -> None:
    """Whether yes or no, with the action as the agent asked it."""
    record = Record()
    ask = gate(workspace, record)
    for action, verdict in ((write("a.py"), ALLOW), (write("../a.py"), DENY)):
        decision = await ask(action)
        assert decision.verdict is verdict
        assert record.entries[-1] == (action, decision)


@pytest.mark.anyio
@pytest.mark.parametrize("error", [OSError("disk full"), ValueError("?"), KeyError("x")])
async def test_what_can_not_be_recorded_is_denied(workspace: Path, error: Exception) -> None:
    """The gate fails closed, whatever went wrong."""
    decision = await gate(workspace, Record(error))(write("a.py"))
    assert (decision.verdict, decision.rule) == (DENY, "unrecorded")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "path", ["a\0b", "file:a%00b", "~nobody-of-that-name/x", "file://elsewhere/a.py"]
)
async def test_a_path_that_leads_nowhere_is_denied_and_recorded(workspace: Path, path: str) -> None:
    """A NUL, an unknown home, another machine: nobody can tell, so nobody may."""
    record = Record()
    decision = await gate(workspace, record)(write(path))
    assert (decision.verdict, decision.rule) == (DENY, "unresolvable")
    assert record.entries[0][1] == decision


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("a.py", Verdict.DENY, (DENY, "hook.mine")),
        ("a.py", Verdict.ASK, (Verdict.ASK, "hook.mine")),
        ("a.py", ALLOW, (ALLOW, "workspace")),
        ("../a.py", ALLOW, (DENY, "outside")),
        ("../a.py", Verdict.ASK, (DENY, "outside")),
    ],
)
async def test_who_narrows_an_answer_only_narrows(
    workspace: Path, path: str, said: Verdict, expected: tuple[Verdict, str]
) -> None:
    """What is stricter holds, and that is what is on record."""

    async def narrow(_: Action, decision: Decision) -> Decision:
        del decision
        return Decision(verdict=said, rule="hook.mine", reason="so")

    record = Record()
    decision = await gate_for(bounds_of(workspace), record, narrow)(write(path))
    assert (decision.verdict, decision.rule) == expected
    assert [entry for _, entry in record.entries] == [decision]


@pytest.mark.anyio
async def test_who_can_not_be_asked_to_narrow_denies(workspace: Path) -> None:
    """Whatever went wrong, nothing passes."""

    async def narrow(_: Action, decision: Decision) -> Decision:
        raise RuntimeError(decision.rule)

    record = Record()
    decision = await gate_for(bounds_of(workspace), record, narrow)(write("a.py"))
    assert (decision.verdict, decision.rule) == (DENY, "unasked")
    assert [entry for _, entry in record.entries] == [decision]
