"""Take one change a step further, whatever step it was interrupted in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from deputize.errors import ConfigError, DeputizeError, IllegalMove
from deputize.git.merges import Conflicted, is_ancestor
from deputize.git.refs import landing_ref, read_ref
from deputize.git.target import Moved, advance, fetch_into, new_branch
from deputize.landing import records
from deputize.landing.candidate import Ground, look, make_candidate
from deputize.landing.inspection import inspect
from deputize.landing.risk import assess
from deputize.landing.route import (
    Ask,
    blamed,
    checks_for,
    feedback_on_checks,
    feedback_on_conflict,
    route,
)
from deputize.model.outcome import Outcome
from deputize.model.race import Turn
from deputize.model.states import ChangeState, TaskState
from deputize.showing import shown_name
from deputize.store import attempts, changes, meta, tasks
from deputize.workshop import alone, aside, tips_of_dependents

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.config.settings import CheckSettings
    from deputize.model.attempt import Attempt
    from deputize.model.change import Change, CheckResult
    from deputize.model.task import Task
    from deputize.workshop import Workshop

    Holds = Callable[[], bool]

LOOK_SECONDS = 2.0
"""How often it looks, while checks run, whether the task was cancelled; a ring makes it at once."""


async def advance_change(shop: Workshop, change_id: int, holds: Holds) -> bool:
    """Take a change a step further; False where it has to wait for somebody.

    `holds` says whether the lease on the target is still ours: asked right before the branch moves.
    """
    change, task = await shop.in_store(_read, shop, change_id)
    if change.settled_at is not None:
        return True
    unwanted = task.cancel_requested or task.state is not TaskState.LANDING
    try:
        ground = await aside(look, shop.home, change)
    except DeputizeError:
        if not unwanted:
            raise
        # Where there is no branch to look at, there is none that has it either.
        await shop.in_store(records.withdraw, shop.database, change, shop.now())
        return True
    landed = await aside(_landed, ground, change)
    if landed:
        return await _record(shop, change, landed, branch=_own_branch(ground, change))
    if unwanted:
        await shop.in_store(records.withdraw, shop.database, change, shop.now())
        return True
    return await _further(shop, change, task, ground, holds)


async def _further(
    shop: Workshop, change: Change, task: Task, ground: Ground, holds: Holds
) -> bool:
    if ground.problem:
        raise ConfigError(ground.problem)
    if change.state is ChangeState.PROPOSED:
        return await _propose(shop, change, task, ground)
    if change.state is ChangeState.CHECKING:
        await shop.in_store(_step, shop, change, ChangeState.QUEUED)
        return True
    return await _land(shop, change, task, ground, holds)


def _read(shop: Workshop, change_id: int) -> tuple[Change, Task]:
    with shop.database.read() as transaction:
        change = changes.get(transaction, change_id)
        return change, tasks.get(transaction, change.task)


def _landed(ground: Ground, change: Change) -> str | None:
    """Return the candidate if a branch has it: only the row was not written any more."""
    if change.candidate is None or change.candidate == change.tip:
        return None
    branch = _own_branch(ground, change)
    if branch:
        there = read_ref(Path(change.git_dir), f"refs/heads/{branch}") == change.candidate
    else:
        there = is_ancestor(ground.mirror.git_dir, change.candidate, ground.tip)
    return change.candidate if there else None


def _step(shop: Workshop, change: Change, state: ChangeState, **columns: object) -> Change:
    return records.step(shop.database, change, state, shop.now(), **columns)  # type: ignore[arg-type]


async def _propose(shop: Workshop, change: Change, task: Task, ground: Ground) -> bool:
    risk, found = assess(change.files, task.scope)
    reasons = (*change.risk_reasons, *found)
    assessed = await shop.in_store(
        _step,
        shop,
        change,
        change.state,
        kind="change.proposed",
        risk="high" if reasons else risk,
        risk_reasons=reasons,
        body={"risk": risk, "reasons": list(reasons)},
    )
    wanted = checks_for(assessed, ground.config.checks, task.checks)
    answer = route(assessed, ground.config.landing, wanted, ground.config.approvals)
    if isinstance(answer, Ask):
        await shop.in_store(records.ask, shop.database, assessed, answer.reason, shop.now())
    else:
        await shop.in_store(_step, shop, assessed, ChangeState.QUEUED)
    return True


async def _land(shop: Workshop, change: Change, task: Task, ground: Ground, holds: Holds) -> bool:
    turn = await shop.in_store(records.take_turn, shop.database, change, shop.now())
    if turn in {Turn.WAIT, Turn.ASK}:
        return turn is Turn.ASK  # an agent has been asked
    if change.tip == ground.tip and change.candidate and change.candidate != ground.tip:
        return await _move(shop, change, ground, change.candidate, holds)
    store, attempt = await shop.in_store(_names, shop, change)
    candidate = await aside(make_candidate, ground, change, task, attempt, store)
    if isinstance(candidate, Conflicted):
        return await _conflict(shop, change, ground, candidate)
    if candidate == ground.tip and turn is Turn.CHECK:
        return await _pass(shop, change, ground, candidate, ())
    if candidate == ground.tip:
        return await _record(shop, change, candidate, note=f"{change.target} had it already")
    return await _check(shop, change, task, ground, candidate, holds)


def _names(shop: Workshop, change: Change) -> tuple[str, Attempt]:
    with shop.database.read() as transaction:
        return meta.store_name(transaction), attempts.get(transaction, change.attempt)


async def _conflict(shop: Workshop, change: Change, ground: Ground, conflict: Conflicted) -> bool:
    await shop.in_store(
        records.send_back,
        shop.database,
        change,
        reason=Outcome.CONFLICT,
        message="conflicts with what has landed since: "
        + ", ".join(map(shown_name, conflict.paths[:5])),
        feedback=feedback_on_conflict(change, conflict.paths, conflict.text),
        base=ground.tip,
        granted=ground.config.landing.rework,
        checks=(),
        now=shop.now(),
    )
    return True


async def _check(
    shop: Workshop, change: Change, task: Task, ground: Ground, candidate: str, holds: Holds
) -> bool:
    """Run the checks on the candidate; what passes is moved to in the next turn."""
    wanted = checks_for(change, ground.config.checks, task.checks)
    if ground.wishes.lines and (wanted or ground.config.workspace.setup):
        trusted = await shop.in_store(
            records.ask_trust, shop.database, change, ground.wishes, shop.now()
        )
        if not trusted:
            return False
    change = await shop.in_store(
        _step, shop, change, ChangeState.CHECKING, tip=None, candidate=None, reason=None
    )
    results: tuple[CheckResult, ...] = ()
    if wanted:
        results = await _inspected(shop, change, ground, candidate, wanted)
    if not await shop.in_store(_may_go_on, shop, change, holds):
        # Cancelled, or somebody else's by now, who ended our checks: their results mean nothing.
        return True
    failed = blamed(results, wanted, task.checks)
    if failed:
        return await _blame(shop, change, ground, candidate, results, failed)
    return await _pass(shop, change, ground, candidate, results)


async def _pass(
    shop: Workshop,
    change: Change,
    ground: Ground,
    candidate: str,
    results: tuple[CheckResult, ...],
) -> bool:
    """Note that nothing is left but to move the branch: that is the next turn."""
    columns = {"tip": ground.tip, "candidate": candidate, "checks": results}
    await shop.in_store(_step, shop, change, ChangeState.QUEUED, **columns)
    return True


async def _inspected(
    shop: Workshop,
    change: Change,
    ground: Ground,
    candidate: str,
    wanted: dict[str, CheckSettings],
) -> tuple[CheckResult, ...]:
    """Run the checks, for as long as nobody cancels the task; what has not run is not told."""
    results: tuple[CheckResult, ...] = ()
    with alone():
        async with anyio.create_task_group() as group:
            group.start_soon(_until_cancelled, shop, change, group.cancel_scope)
            results = await inspect(shop, change, ground, candidate, wanted)
            group.cancel_scope.cancel()
    return results


async def _until_cancelled(shop: Workshop, change: Change, scope: anyio.CancelScope) -> None:
    while not await shop.in_store(_is_cancelled, shop, change):
        await shop.bells.wait(LOOK_SECONDS)
    scope.cancel()


def _is_cancelled(shop: Workshop, change: Change) -> bool:
    with shop.database.read() as transaction:
        return tasks.get(transaction, change.task).cancel_requested


def _may_go_on(shop: Workshop, change: Change, holds: Holds) -> bool:
    return holds() and not _is_cancelled(shop, change)


async def _blame(
    shop: Workshop,
    change: Change,
    ground: Ground,
    candidate: str,
    results: tuple[CheckResult, ...],
    failed: tuple[CheckResult, ...],
) -> bool:
    names = ", ".join(result.name for result in failed)
    await shop.in_store(
        records.send_back,
        shop.database,
        change,
        reason=Outcome.CHECKS_FAILED,
        message=f"failed on the merged tree: {names}",
        feedback=feedback_on_checks(change, failed),
        base=candidate,
        granted=ground.config.landing.rework,
        checks=results,
        now=shop.now(),
    )
    return True


async def _move(shop: Workshop, change: Change, ground: Ground, commit: str, holds: Holds) -> bool:
    """Bring the checked commit into the user's repository and move a branch to it."""
    store, _ = await shop.in_store(_names, shop, change)
    git_dir, ref = Path(change.git_dir), landing_ref(store, change.id)
    await aside(fetch_into, git_dir, ground.mirror, commit, ref, known=ground.tip)
    branch = _own_branch(ground, change)
    if branch:
        return await _make_branch(shop, change, branch, commit, holds)
    if not await shop.in_store(holds):
        return False
    if await shop.in_store(_is_worked_in, shop, change):
        return False  # the checkout's files must not move under whoever works there
    reason = f"deputize: land #{change.task}"
    ended = await aside(advance, git_dir, change.target, ground.tip, commit, reason=reason)
    if isinstance(ended, Moved):
        return await _record(shop, change, commit)
    if ended.stale:
        return True
    if change.reason != ended.reason:
        await shop.in_store(records.block, shop.database, change, ended.reason, shop.now())
    return False


def _is_worked_in(shop: Workshop, change: Change) -> bool:
    with shop.database.read() as transaction:
        return tasks.in_place(transaction, change.git_dir, change.target) is not None


async def _make_branch(
    shop: Workshop, change: Change, branch: str, commit: str, holds: Holds
) -> bool:
    """Leave the checked commit on a branch of its own, for people to merge as they like."""
    if not await shop.in_store(holds):
        return False
    refused = await aside(new_branch, Path(change.git_dir), branch, commit)
    if refused:
        raise IllegalMove(refused, hint=f"git branch -m {branch} SOMETHING_ELSE")
    return await _record(shop, change, commit, branch=branch)


async def _record(
    shop: Workshop,
    change: Change,
    commit: str,
    *,
    note: str | None = None,
    branch: str | None = None,
) -> bool:
    """Write that a change has landed, with the tips from which what needs it may start."""
    tips = await aside(tips_of_dependents, shop, change.task)
    await shop.in_store(
        records.land, shop.database, change, commit, shop.now(), tips, note=note, branch=branch
    )
    return True


def _own_branch(ground: Ground, change: Change) -> str | None:
    """Return the branch that a change is left on where the target is not to move."""
    return f"deputize/{change.task}" if ground.config.landing.mode == "branch" else None
