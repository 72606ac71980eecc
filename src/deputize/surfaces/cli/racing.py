"""What `add --race` does: one task, given to several agents as a plan of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace

    from deputize.desk.context import Desk
    from deputize.model.plan import SubmittedPlan
    from deputize.model.task import TaskSpec
    from deputize.surfaces.cli.output import Output


def run_race(arguments: Namespace, output: Output, spec: TaskSpec) -> int:
    """Queue the race; with `--wait`, return 1 where nobody wins it."""
    from deputize.desk.context import open_desk
    from deputize.desk.plans import race, submit
    from deputize.surfaces.cli.plan_submissions import show, start, tell

    agents = [word.strip() for word in arguments.race.split(",")]
    plan = race(spec, agents, arguments.judge)
    with open_desk() as desk:
        submitted = submit(desk, plan)
        output.stored = f"p{submitted.plan.id} is queued"
        if not (arguments.wait and output.json):
            show(output, submitted)
        if not arguments.no_start:
            start(desk, submitted, output)
        tell(plan, submitted, output)
        return _wait(desk, submitted, output) if arguments.wait else 0


def _wait(desk: Desk, submitted: SubmittedPlan, output: Output) -> int:
    from deputize.desk.documents import plan_document
    from deputize.desk.plans import view
    from deputize.desk.tasks import wait
    from deputize.surfaces.cli.endings import exit_code_of_race, print_ending

    ended = wait(desk, [placed.task.id for placed in submitted.tasks])
    output.stored = f"p{submitted.plan.id} has ended"
    if output.json:
        output.document(plan_document(view(desk, submitted.plan.id)))
    else:
        for task in ended:
            print_ending(task, output)
    return exit_code_of_race(ended)
