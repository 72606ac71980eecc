"""A plan on one page: its tasks in order, drawn with what they need of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.redaction import redacted
from deputize.surfaces.cli.output import Drawn
from deputize.surfaces.cli.rails import rails
from deputize.surfaces.cli.spending import spent_in_words
from deputize.surfaces.cli.task_lines import needs_in_words, state_of, why

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deputize.desk.plans import PlanView
    from deputize.model.plan import PlacedTask, SubmittedPlan
    from deputize.surfaces.cli.output import Output, Part

LINE_LENGTH = 60
"""How much of a title a box of a chart has, in characters."""


def print_submitted(output: Output, submitted: SubmittedPlan) -> None:
    """Say what was queued, or would be."""
    from deputize.desk.races import asked_race

    plan, count, race = submitted.plan, len(submitted.tasks), asked_race(submitted.plan)
    tasks = "1 task" if count == 1 else f"{count} tasks"
    if race is not None:
        tasks = f"a race of {count}, judge {race.label}"
    head = f"p{plan.id} queued" if plan.id else "would be queued"
    output.text(f"{head}: {plan.title} ({tasks})")
    rows = [_submitted_row(placed) for placed in submitted.tasks]
    output.table(rows, ("ID", "STATE", "ROLE", "AGENT", "NAME", "NEEDS", "TITLE"), "  ")


def _submitted_row(placed: PlacedTask) -> tuple[Part, ...]:
    task = placed.task
    return (
        f"#{task.id}" if task.id else "–",
        state_of(task.state),
        task.role,
        task.agent,
        placed.name or "–",
        needs_in_words(placed.needs) or "–",
        task.title,
    )


def print_plan(output: Output, view: PlanView) -> None:
    """Print a plan with its graph."""
    counted = ", ".join(f"{count} {state}" for state, count in view.counts.items())
    output.text(f"p{view.plan.id} ", state_of(view.state), f": {view.plan.title} ({counted})")
    print_race(output, view)
    if view.spent is not None:
        output.text(f"spent: {spent_in_words(view.spent)}")
    rows = list(_rows(view))
    titles = ("", "ID", "STATE", "ROLE", "NEEDS", "UNBLOCKS", "TITLE", "WHY")
    output.table(rows, titles)


def print_race(output: Output, view: PlanView) -> None:
    """Say how far a race is, where it is one, and what an agent said that was asked."""
    race = view.race
    if race is None:
        return
    if race.winner is not None:
        far = f"#{race.winner} has won"
    else:
        far = "nobody has won" if view.state == "failed" else "not decided yet"
    output.text(f"a race, judge {race.label}: {far}")
    if race.judging is not None:
        output.prose(race.judging.told, "  ")


def _rows(view: PlanView) -> Iterator[tuple[Part, ...]]:
    places = {each.task.id: place for place, each in enumerate(view.tasks)}
    needs = [[places[need.id] for need in each.needs if need.id in places] for each in view.tasks]
    for each, drawn in zip(view.tasks, rails(needs), strict=True):
        task = each.task
        yield (
            Drawn(drawn),
            f"#{task.id}",
            state_of(task.state),
            task.role,
            needs_in_words([(need.id, need.on) for need in each.needs]) or "–",
            needs_in_words([(one, "done") for one, _ in view.unblocks.get(task.id, ())]) or "–",
            task.title,
            each.waiting_for or why(task),
        )


def print_mermaid(output: Output, view: PlanView) -> None:
    """Print a plan as a Mermaid flowchart; states stand in the boxes as words."""
    output.text("flowchart TD")
    inside = {each.task.id for each in view.tasks}
    for each in view.tasks:
        task = each.task
        title = redacted(task.title)[:LINE_LENGTH]
        output.text(f'    t{task.id}["{_escaped(f"#{task.id} {task.state}: {title}")}"]')
    for each in view.tasks:
        for need in each.needs:
            if need.id not in inside:
                output.text(f'    t{need.id}(["{_escaped(f"#{need.id}")}"])')
            arrow = "-->" if need.on == "done" else f'-->|"on {need.on}"|'
            output.text(f"    t{need.id} {arrow} t{each.task.id}")


def _escaped(text: str) -> str:
    """Write what could mean something to Mermaid, or to HTML, as the number of its character."""
    plain = " .,:;()/-_+=!?'"
    return "".join(
        letter if letter.isalnum() or letter in plain else f"#{ord(letter)};" for letter in text
    )
