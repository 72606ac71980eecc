"""Put the tasks of a document together: names become places in the plan, circles are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deputize.errors import InvalidInput
from deputize.intake.racing import race_of
from deputize.model.need import Need, On
from deputize.model.plan import PlannedTask, PlanSpec, circle_in, label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.intake.reading import AskedNeed, AskedPlan, AskedTask


def link(asked: AskedPlan) -> PlanSpec:
    """Make a plan of a document; InvalidInput where a name means nothing, or leads in a circle."""
    places = _places(asked.tasks)
    if asked.race is not None:
        (only,) = asked.tasks
        spec = replace(_linked(only, places).spec, key=asked.key)
        race = race_of(spec, asked.race)
        return replace(race, title=asked.title or race.title)
    planned = tuple(_linked(task, places) for task in asked.tasks)
    _refuse_keys_twice(planned)
    _refuse_circle(planned)
    return PlanSpec(tasks=planned, title=asked.title, key=asked.key)


def _places(tasks: tuple[AskedTask, ...]) -> dict[str, int]:
    places: dict[str, int] = {}
    for place, task in enumerate(tasks):
        if task.name is None:
            continue
        if places.setdefault(task.name, place) != place:
            first = f"tasks[{places[task.name]}]"
            raise InvalidInput(f"{label(place, task.name)}.name: {first} has this name already")
    return places


def _linked(task: AskedTask, places: Mapping[str, int]) -> PlannedTask:
    inner: dict[int, On] = {}
    outer: dict[int, On] = {}
    for need in task.needs:
        if isinstance(need.of, int):
            _note(outer, need.of, need)
        elif need.of in places:
            _note(inner, places[need.of], need)
        else:
            raise _nobody(need, places)
    needs = tuple(Need(id=number, on=on) for number, on in outer.items())
    spec = replace(task.spec, needs=needs) if needs else task.spec
    return PlannedTask(name=task.name, spec=spec, needs=tuple(inner.items()))


def _note(found: dict[int, On], number: int, need: AskedNeed) -> None:
    if found.setdefault(number, need.on) is not need.on:
        ways = f"on {found[number]} and on {need.on}"
        raise InvalidInput(f"{need.place}: {need.of} is needed twice, {ways}")


def _nobody(need: AskedNeed, places: Mapping[str, int]) -> InvalidInput:
    import difflib

    near = difflib.get_close_matches(str(need.of), places, n=1)
    hint = f"did you mean {near[0]}?" if near else f"names in the plan: {', '.join(places)}"
    message = f"{need.place}: no task of the plan is called {need.of}"
    return InvalidInput(message, hint=hint if places else 'give that task a `"name"`')


def _refuse_keys_twice(planned: tuple[PlannedTask, ...]) -> None:
    found: dict[str, int] = {}
    for place, task in enumerate(planned):
        if task.spec.key and found.setdefault(task.spec.key, place) != place:
            where = label(place, task.name)
            first = f"tasks[{found[task.spec.key]}]"
            raise InvalidInput(f"{where}.key: {first} has this key already")


def _refuse_circle(planned: tuple[PlannedTask, ...]) -> None:
    circle = circle_in([[place for place, _ in task.needs] for task in planned])
    if circle:
        where = label(circle[0], planned[circle[0]].name)
        path = " → ".join(planned[place].name or str(place) for place in circle)
        hint = "each waits for the next: leave one of these needs out"
        raise InvalidInput(f"{where}.needs: lead in a circle: {path}", hint=hint)
