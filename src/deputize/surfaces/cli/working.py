"""What `up` and `worker` share: being a worker in the foreground."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import whole_number

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from deputize.supervisor import Progress
    from deputize.surfaces.cli.output import Output

REPORT_SECONDS = 5


def add_report_arguments(parser: ArgumentParser) -> None:
    """Let a worker in the foreground say how often it tells how it gets on."""
    parser.add_argument(
        "--progress",
        type=whole_number,
        default=REPORT_SECONDS,
        metavar="N",
        help="tell how it gets on every N seconds, where anything changed (default: 5)",
    )


def work_here(
    output: Output,
    every_seconds: int = REPORT_SECONDS,
    *,
    roles: tuple[str, ...] = (),
    slots: int | None = None,
) -> int:
    """Work until told to stop, and return the exit code.

    What would keep it from working is said before it begins, as an error with what to do.
    """
    from deputize.config.home import find_home
    from deputize.desk.doctor import open_fit_desk
    from deputize.desk.stations import listing
    from deputize.supervisor import Report, run

    home = find_home()
    with open_fit_desk(home) as desk:
        others = sum(1 for _, alive in listing(desk) if alive)
    if others:
        output.note(f"{others} other worker{'s run' if others > 1 else ' runs'} already")
    wanted = f"tasks of role {', '.join(roles)}" if roles else "tasks"
    output.note(f"working on {wanted} of {home.path}; Ctrl-C finishes what runs, then ends")
    report = Report(float(every_seconds), partial(_tell, output))
    return run(home, roles=roles, slots=slots, background=False, report=report)


def _tell(output: Output, progress: Progress) -> None:
    """Print a line of `key=value`, or a JSON document of one line."""
    if output.json:
        output.line_document(progress._asdict())
    else:
        output.text(progress.line)
    output.flush()
