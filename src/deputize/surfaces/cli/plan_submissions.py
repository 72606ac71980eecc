"""What a verb does with a plan that it has submitted, from a file or as a race."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.model.plan import PlanSpec, SubmittedPlan
    from deputize.surfaces.cli.output import Output


def show(output: Output, submitted: SubmittedPlan) -> None:
    """Print a plan that was submitted, or only its id."""
    from deputize.desk.documents import submitted_document
    from deputize.surfaces.cli.plan_page import print_submitted

    if output.json:
        output.document(submitted_document(submitted))
    elif output.quiet:
        output.text(f"p{submitted.plan.id}" if submitted.plan.id else "")
    else:
        print_submitted(output, submitted)


def start(desk: Desk, submitted: SubmittedPlan, output: Output) -> None:
    """Start a worker where one is wanted: the plan is stored anyhow."""
    from deputize.desk.plans import start_for
    from deputize.errors import ProcessError

    try:
        if start_for(desk, [placed.task for placed in submitted.tasks]):
            output.note("a worker was started in the background")
    except ProcessError as error:
        output.warn(error.message, error.hint)


def tell(spec: PlanSpec, submitted: SubmittedPlan, output: Output) -> None:
    """Say on stderr what a person should know of it."""
    from deputize.desk.uncommitted import finish_count, start_count
    from deputize.surfaces.cli.submissions import note_uncommitted, warn_of_trust

    warn_of_trust(output, untrusted=submitted.untrusted)
    if not submitted.created:
        output.note("this key was used before: it is the same plan")
        return
    places = {task.spec.repo: task.spec for task in spec.tasks}
    counts = [start_count(found) for found in places.values()]
    note_uncommitted(output, sum(map(finish_count, counts)), "its tasks start")
