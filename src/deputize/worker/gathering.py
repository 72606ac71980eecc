"""What is made of a bench when its agent is done: an ending, and a change where there is one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from deputize import queue
from deputize.errors import DeputizeError
from deputize.git.diff import file_changes
from deputize.git.worktree import is_intact, is_removed
from deputize.model.change import Change
from deputize.model.outcome import Outcome
from deputize.model.states import ChangeState
from deputize.model.task import Place
from deputize.showing import shown_name
from deputize.worker.benches import change_rule
from deputize.worker.evidence import Left, Seen, judge, summary_of
from deputize.worker.full_disk import is_passing
from deputize.worker.moved_head import moved_head
from deputize.workshop import aside
from deputize.workspace.isolation import Fingerprint, compare, fingerprint
from deputize.workspace.worktree import take_snapshot

if TYPE_CHECKING:
    from deputize.git.snapshot import Snapshot
    from deputize.queue import Ending
    from deputize.redaction import Redactor
    from deputize.worker.benches import Bench
    from deputize.worker.steps import Steps


async def put_away(steps: Steps, bench: Bench, seen: Seen) -> Ending:
    """Save what the agent left, hold it against what it says, and make the ending of it.

    Raises only what `is_passing`, or for which nothing was foreseen; then it can be called again.
    """
    if steps.claim.task.git_dir is None:
        outcome, message = judge(seen, Left(tree_changed=False), "allowed")
        return _ending(seen, outcome, message, None)
    try:
        return await _from_the_tree(steps, bench, seen)
    except (DeputizeError, OSError) as error:
        if is_passing(error):
            raise
        return unsaved(steps, bench, seen, error)


async def _from_the_tree(steps: Steps, bench: Bench, seen: Seen) -> Ending:
    task = steps.claim.task
    shot = await aside(_snapshot, steps, bench)
    alarms = await _compare(steps, bench)
    replaceable = task.place in {Place.WORKTREE, Place.READ_ONLY} and not is_removed(bench.path)
    if replaceable and not is_intact(bench.workspace.worktree):
        await steps.milestone("note: the agent replaced the workspace's .git: its files count")
    rule = change_rule(task, bench.config)
    found: Left = await aside(_left, bench, shot)
    moved = await aside(moved_head, steps, bench)
    if moved:
        await steps.milestone(f"HEAD of the checkout {moved}")
    left = replace(seen.left or found, moved_head=moved)
    if left.dirty:
        steps.log.milestone("uncommitted work was committed as the agent's")
    if shot.moved and shot.dirty and moved is None:
        steps.log.milestone("the agent's HEAD left its base: its files count, not its commits")
    _tell_skipped(steps, left)
    outcome, message = judge(seen, left, rule)
    ending = _ending(seen, outcome, message, bench.workspace.ref if left.tree_changed else None)
    if outcome is Outcome.SUCCEEDED and left.tree_changed and task.place is Place.WORKTREE:
        change = await aside(_change, steps, bench, shot, alarms)
        ending = replace(ending, change=change)
    return ending


def _tell_skipped(steps: Steps, left: Left) -> None:
    if left.is_removed:
        steps.log.milestone("the agent removed its workspace: only what it had committed is left")
        return
    for path in left.skipped:
        why = "a repository of its own, or unreadable"
        steps.log.milestone(f"left out: {shown_name(path)} ({why})")


def unsaved(steps: Steps, bench: Bench, seen: Seen, error: Exception) -> Ending:
    """Make the ending of an attempt whose work can't be saved, and stays where it is."""
    steps.log.milestone(f"the work could not be saved: {error}")
    told = f"the work could not be saved and stays in {bench.path}: {error}"
    lost = Outcome.AGENT_ERROR if seen.outcome is Outcome.SUCCEEDED else seen.outcome
    return _ending(seen, Outcome.OUT_OF_DISK if is_passing(error) else lost, told, None)


def _ending(seen: Seen, outcome: Outcome, error: str | None, saved_ref: str | None) -> Ending:
    return queue.Ending(
        outcome=outcome,
        exit_code=seen.exit_code,
        error=error,
        usage=seen.usage,
        tools=seen.tools,
        summary=summary_of(seen.answer),
        answer=seen.answer or None,
        session=seen.session,
        model=seen.model,
        retry_at=seen.retry_at,
        saved_ref=saved_ref,
    )


def look(steps: Steps, bench: Bench) -> Left:
    """Say what is in the workspace now, and keep it by the attempt's ref."""
    return _left(bench, _snapshot(steps, bench))


def ending_without_secrets(ending: Ending, redactor: Redactor) -> Ending:
    """Return an ending whose words have none of the secrets that the attempt knows."""
    answer, summary, error = (
        text and redactor.redacted(text) for text in (ending.answer, ending.summary, ending.error)
    )
    return replace(ending, answer=answer, summary=summary, error=error)


def _snapshot(steps: Steps, bench: Bench) -> Snapshot:
    task = steps.claim.task
    return take_snapshot(bench.workspace, message=task.title, agent=task.agent)


def _left(bench: Bench, shot: Snapshot) -> Left:
    """Compare the final tree with where the task started, however many attempts it took."""
    mirror, start = bench.workspace.mirror, bench.start or shot.base
    files = file_changes(mirror.git_dir, start, shot.head) if mirror else ()
    committed = bench.workspace.place is not Place.IN_PLACE and shot.head != shot.base
    return Left(
        tree_changed=bool(files),
        files=len(files),
        dirty=shot.dirty and committed,
        skipped=shot.skipped,
    )


def _but_landings(
    before: Fingerprint, after: Fingerprint, target: str
) -> tuple[Fingerprint, Fingerprint]:
    """Leave out what a landing changes: the target, and what is staged where it is checked out."""
    if before.refs.get(target) == after.refs.get(target):
        return before, after
    refs = [
        {name: at for name, at in taken.refs.items() if name != target} for taken in (before, after)
    ]
    return replace(before, refs=refs[0], index=""), replace(after, refs=refs[1], index="")


async def _compare(steps: Steps, bench: Bench) -> tuple[str, ...]:
    """Hold the user's repository against what it was, and return what should alarm a person.

    People work there meanwhile and other changes land: that alone is told, and alarms nobody.
    """
    task = steps.claim.task
    if bench.before is None or task.git_dir is None or task.place is Place.IN_PLACE:
        return ()
    checkout = Path(task.repo) if task.repo and task.repo != task.git_dir else None
    after = await aside(fingerprint, Path(task.git_dir), checkout)
    found = compare(*_but_landings(bench.before, after, f"refs/heads/{task.target}"))
    for difference in found:
        await steps.milestone(f"{'ALARM' if difference.alarming else 'note'}: {difference.text}")
    return tuple(difference.text for difference in found if difference.alarming)


def _change(steps: Steps, bench: Bench, shot: Snapshot, alarms: tuple[str, ...]) -> Change:
    """Describe the whole change: from where it left the target, not only from this attempt on."""
    task, attempt = steps.claim.task, steps.claim.attempt
    base = bench.origin or shot.base
    files = file_changes(bench.workspace.worktree.mirror.git_dir, base, shot.head)
    return Change(
        id=0,
        task=task.id,
        attempt=attempt.id,
        state=ChangeState.PROPOSED,
        repo=task.repo or "",
        git_dir=task.git_dir or "",
        target=task.target or "",
        base=base,
        head=shot.head,
        tree=shot.tree,
        files=files,
        added=sum(file.added for file in files),
        removed=sum(file.removed for file in files),
        risk="low",
        risk_reasons=alarms,
        reason=None,
        approved_tree=None,
        tip=None,
        candidate=None,
        checks=(),
        landed_commit=None,
        batch=None,
        created_at=steps.shop.now(),
        settled_at=None,
    )
