"""Tasks: rows and values, and the only way a task moves."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Unpack, cast

from deputize.errors import IllegalMove, NotFound
from deputize.model.need import Need, On
from deputize.model.outcome import Outcome
from deputize.model.states import TASK_TRANSITIONS, TaskState
from deputize.model.task import Output, Place, Task
from deputize.store import journal
from deputize.store.meta import alone, together
from deputize.store.rows import (
    LARGEST_NUMBER,
    maybe_moment,
    maybe_number,
    maybe_text,
    number,
    text,
    to_moment,
    to_text,
    to_word,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from deputize.model.event import Event
    from deputize.store.database import Row, Transaction, Value
    from deputize.store.narrowing import Wanted

_LISTS = frozenset({"scope", "checks", "labels", "commands"})
_MOMENTS = frozenset({"not_before", "created_at", "started_at", "finished_at"})
_FLAGS = frozenset({"held", "cancel_requested"})
_COMING = "a task comes"


def insert(transaction: Transaction, task: Task, event: Event, now: datetime) -> Task:
    """Write a new task with its event; its id in `task` and `event` is filled in."""
    together(transaction, _COMING)
    values = _values(task)
    del values["id"]
    ready_at = to_text(max(now, task.not_before or now))
    values |= {"rank": _rank(transaction, task), "share": task.share, "ready_at": ready_at}
    row = cast("Row", transaction.one("tasks.insert", **values))
    added = task._replace(id=number(row, "id"))
    journal.append(transaction, event, now, task=added.id)
    return added


def _rank(transaction: Transaction, task: Task) -> int:
    """Return a new task's place in line: where it is served now, or after the last of its share."""
    found = transaction.one("tasks.turn", share=task.share, priority=task.priority)
    row = cast("Row", found)
    return max(maybe_number(row, "served") or 0, (maybe_number(row, "tail") or 0) + 1)


class Prepared(NamedTuple):
    """A new task of a plan, ready to be written: what takes time is done before the lock."""

    task: Task
    row: dict[str, Value]
    event: Event


def prepare(task: Task, event: Event, now: datetime) -> Prepared:
    """Make a task and its event ready; ids, needs and state are filled in when it is written."""
    values = _values(task) | {"ready_at": to_text(max(now, task.not_before or now))}
    del values["id"]
    return Prepared(task, values, journal.cleaned(event))


def insert_prepared(
    transaction: Transaction,
    prepared: Prepared,
    now: datetime,
    *,
    plan: int,
    state: TaskState,
    needs: Sequence[tuple[int, On]],
    ranks: dict[int, int],
) -> Task:
    """Write a new task of a plan with its event and its needs.

    `ranks` has the last place that this transaction gave the plan in the line of each priority.
    """
    task = prepared.task._replace(plan=plan, state=state)
    last = ranks.get(task.priority)
    ranks[task.priority] = _rank(transaction, task) if last is None else last + 1
    turn: dict[str, Value] = {"rank": ranks[task.priority], "share": task.share}
    values = prepared.row | turn | {"plan": plan, "state": state}
    row = cast("Row", transaction.one("tasks.insert", **values))
    task = task._replace(id=number(row, "id"))
    needed = {"needs": [need for need, _ in needs]} if needs else {}
    body = {**prepared.event.body, **needed, "plan": plan}
    event = replace(prepared.event, kind=f"task.{state}", task=task.id, body=body)
    journal.write(transaction, event, now)
    for need, on in needs:
        add_need(transaction, task.id, need, on)
    return task


def get(transaction: Transaction, task: int) -> Task:
    """Return a task; NotFound if there is none."""
    return _required(transaction, transaction.one("tasks.get", id=task), task)


def some(transaction: Transaction, ids: Sequence[int]) -> list[Task]:
    """Return those of some tasks that were not archived, in the same order."""
    rows = [transaction.one("tasks.get", id=task) for task in ids]
    return [task_of(row) for row in rows if row]


def lock(transaction: Transaction, task: int) -> Task:
    """Return a task that this transaction is going to move; NotFound if there is none."""
    return _required(transaction, transaction.one("tasks.lock", id=task), task)


def keep(transaction: Transaction, task: int) -> Task:
    """Return a task that stays as it is while this transaction is open; NotFound if none."""
    return _required(transaction, transaction.one("tasks.keep", id=task), task)


def by_key(transaction: Transaction, key: str) -> Task | None:
    """Return the task that was added with `key`."""
    row = transaction.one("tasks.by_key", key=key)
    return None if row is None else task_of(row)


def latest(transaction: Transaction) -> Task | None:
    """Return the newest task."""
    row = transaction.one("tasks.latest")
    return None if row is None else task_of(row)


def unfinished(
    transaction: Transaction, *, limit: int = LARGEST_NUMBER, **wanted: Unpack[Wanted]
) -> list[Task]:
    """Return the tasks that are not final, oldest first."""
    rows = transaction.all("tasks.open", limit=limit, **_asked(wanted))
    return [task_of(row) for row in rows]


def final(
    transaction: Transaction, *, limit: int = LARGEST_NUMBER, **wanted: Unpack[Wanted]
) -> list[Task]:
    """Return the tasks that are final, each after those that it needs."""
    if _is_of_failed(wanted):
        rows = transaction.all("tasks.failed_first", limit=limit, **_asked(wanted))
    else:
        rows = transaction.all("tasks.final", limit=limit, **_asked(wanted))
    return [task_of(row) for row in rows]


def listing(transaction: Transaction, *, limit: int = 50, **wanted: Unpack[Wanted]) -> list[Task]:
    """Return tasks, newest first."""
    if _is_of_failed(wanted):
        rows = transaction.all("tasks.failed", limit=limit, **_asked(wanted))
    elif wanted.get("plan") is None:
        rows = transaction.all("tasks.listing", limit=limit, **_asked(wanted))
    else:
        rows = transaction.all("tasks.listing_of_plan", limit=limit, **_asked(wanted))
    return [task_of(row) for row in rows]


def _is_of_failed(wanted: Wanted) -> bool:
    """Tell whether only failed tasks are wanted, of which there are few among many."""
    return wanted.get("state") == TaskState.FAILED and wanted.get("plan") is None


def _asked(wanted: Wanted) -> dict[str, Value]:
    from deputize.store.narrowing import asked  # what `add` passes by doesn't load it

    return asked(wanted)


def unfinished_count(transaction: Transaction, ids: Iterable[int]) -> int:
    """Return how many of these tasks are not final yet: one question, however many they are."""
    row = transaction.one("tasks.unfinished_of", ids=json.dumps(list(ids)))
    return number(cast("Row", row), "count")


def of_plan(transaction: Transaction, plan: int) -> list[Task]:
    """Return the tasks of a plan, each after those that it needs."""
    return [task_of(row) for row in transaction.all("tasks.of_plan", plan=plan)]


def move(transaction: Transaction, old: Task, new: Task, event: Event, now: datetime) -> Task:
    """Write `new` over `old`, with the event that tells it.

    Raises IllegalMove where the transition table has no such step.
    """
    if new.state is not old.state and new.state not in TASK_TRANSITIONS[old.state]:
        raise IllegalMove(f"#{old.id} is {old.state} and can't become {new.state}")
    _save(transaction, old, new, now)
    journal.append(transaction, event, now, task=new.id)
    return new


def _save(transaction: Transaction, old: Task, new: Task, now: datetime) -> None:
    """Write what differs: a statement that names few columns leaves most indexes alone."""
    if _becomes_ready(old, new):
        ready_at = to_text(max(now, new.not_before or now))
        transaction.tell("tasks.save", **_values(new, _SAVED), ready_at=ready_at)
        return
    both = zip(_NAMES, old, new, strict=True)
    changed = {name for name, was, is_now in both if is_now is not was} - _FIXED
    if changed <= _STARTED:
        transaction.tell("tasks.start", id=new.id, **_values(new, _STARTED))
    elif changed <= _ENDED:
        transaction.tell("tasks.end", id=new.id, **_values(new, _ENDED))
    else:
        transaction.tell("tasks.save", **_values(new, _SAVED), ready_at=None)


def reword(transaction: Transaction, old: Task, new: Task, now: datetime) -> None:
    """Write what `move` doesn't, of a task that nobody has begun.

    In the line of another priority it gets a place of its own; a delay counts as no waiting.
    """
    moved = new.priority != old.priority
    delayed = new.not_before != old.not_before
    transaction.tell(
        "tasks.reword",
        id=new.id,
        prompt=new.prompt,
        labels=json.dumps(new.labels, ensure_ascii=False),
        provider=new.provider,
        budget_tokens=new.budget_tokens,
        budget_usd=new.budget_usd,
        rank=_rank(transaction, new) if moved else None,
        ready_at=to_text(max(now, new.not_before or now)) if delayed else None,
    )


def _becomes_ready(old: Task, new: Task) -> bool:
    if new.state is not TaskState.QUEUED:
        return False
    return old.state is not TaskState.QUEUED or (old.held and not new.held)


def delayed(transaction: Transaction, now: datetime) -> list[Task]:
    """Return the queued tasks that may not start yet."""
    return [task_of(row) for row in transaction.all("tasks.delayed", now=to_text(now))]


def next_start(transaction: Transaction, now: datetime) -> datetime | None:
    """Return when the next delayed task may start."""
    row = transaction.one("tasks.next_start", now=to_text(now))
    return None if row is None else maybe_moment(row["at"])


def in_place(transaction: Transaction, git_dir: str, target: str) -> int | None:
    """Return the task that works in a checkout of a branch right now."""
    row = transaction.one("tasks.in_place", git_dir=git_dir, target=target)
    return None if row is None else number(row, "id")


def add_need(transaction: Transaction, task: int, need: int, on: On = On.DONE) -> None:
    """Make `task` wait for `need`."""
    transaction.tell("tasks.add_need", task=task, need=need, on=on)


def needs(transaction: Transaction, task: int) -> list[tuple[Need, TaskState]]:
    """Return what a task needs, and the state of each."""
    return [
        (
            Need(id=number(row, "id"), on=to_word(On, row["on"])),
            to_word(TaskState, row["state"]),
        )
        for row in transaction.all("tasks.needs", task=task)
    ]


def dependents(transaction: Transaction, need: int) -> list[Task]:
    """Return the tasks that need this one."""
    return [task_of(row) for row in transaction.all("tasks.dependents", need=need)]


def lock_dependents(transaction: Transaction, need: int) -> list[Task]:
    """Return the tasks that need this one, which this transaction may move."""
    return [task_of(row) for row in transaction.all("tasks.lock_dependents", need=need)]


def lock_descendants(transaction: Transaction, need: int) -> None:
    """Lock all that needs a task, or needs what needs it: this transaction may move any of it."""
    transaction.all("tasks.descendants", need=need)


def nothing_is_open(transaction: Transaction) -> bool:
    """Tell whether every task is final, and none is just being added: such a one waits meanwhile.

    For a worker that is about to leave: whoever adds a task looks afterwards whether one is there.
    """
    alone(transaction, _COMING)
    return not counts(transaction)


def counts(transaction: Transaction) -> dict[TaskState, int]:
    """Return how many tasks are in each state that is not final."""
    rows = transaction.all("tasks.counts")
    return {to_word(TaskState, row["state"]): number(row, "count") for row in rows}


def repositories(transaction: Transaction) -> list[str]:
    """Return the git directory of every repository that a task was ever queued for."""
    return [text(row, "git_dir") for row in transaction.all("tasks.repositories")]


def ended(transaction: Transaction, after: int, until: int) -> set[tuple[str, str]]:
    """Return repository and base commit of each task whose end those events tell."""
    rows = transaction.all("tasks.ended", after=after, until=until)
    return {(text(row, "git_dir"), text(row, "base")) for row in rows}


def pinned(transaction: Transaction, git_dir: str) -> set[str]:
    """Return the base commits that live tasks of a repository still start from."""
    return {text(row, "base") for row in transaction.all("tasks.pinned", git_dir=git_dir)}


def _required(transaction: Transaction, row: Row | None, task: int) -> Task:
    if row is not None:
        return task_of(row)
    from deputize.store import archives

    archive = archives.of_task(transaction, task)
    if archive is None:
        hint = "`deputize list --all` shows what there is"
        raise NotFound(f"there is no task #{task}", hint=hint)
    when = f"{archive.made_at:%Y-%m-%d}"
    hint = f"`gzip -cd {archive.file}` in the folder `archive` of deputize's home shows it"
    raise NotFound(f"#{task} was archived on {when} to {archive.file}", hint=hint)


def task_of(row: Row) -> Task:
    """Read a task from its row."""
    read: dict[str, object] = {
        **row,
        **{name: words(row, name) for name in _LISTS},
        **{name: maybe_moment(row[name]) for name in _MOMENTS},
        **{name: bool(row[name]) for name in _FLAGS},
        "created_at": to_moment(row["created_at"]),
        "state": to_word(TaskState, row["state"]),
        "place": to_word(Place, row["place"]),
        "output": None if row["output"] is None else to_word(Output, row["output"]),
        "reason": None if row["reason"] is None else to_word(Outcome, row["reason"]),
    }
    return Task._make(map(read.__getitem__, _NAMES))


_NAMES = Task._fields
_FIXED = frozenset(
    {"prompt", "kind", "place", "repo", "git_dir", "target", "scope", "provider", "checks", "key",
     "key_digest", "created_at", "labels", "lock", "plan", "origin", "budget_tokens", "budget_usd",
     "root", "output", "commands"}
)  # fmt: skip


_SAVED = tuple(name for name in _NAMES if name not in _FIXED)
_STARTED = frozenset({"state", "attempt", "not_before", "started_at"})
_ENDED = frozenset(
    {"state", "attempt", "cancel_requested", "feedback", "finished_at", "result", "reason",
     "message"}
)  # fmt: skip


def _values(task: Task, names: Collection[str] = _NAMES) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name in names:
        value = getattr(task, name)
        if name in _LISTS:
            value = json.dumps(value, ensure_ascii=False) if value else "[]"
        elif name in _MOMENTS:
            value = maybe_text(value)
        elif name in _FLAGS:
            value = int(value)
        values[name] = value
    return values
