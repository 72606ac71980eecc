"""What `up` and `worker` share: being a worker in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deputize.surfaces.cli.output import Output


def work_here(output: Output, *, roles: tuple[str, ...] = (), slots: int | None = None) -> int:
    """Work until told to stop, and return the exit code."""
    from deputize.config.home import find_home
    from deputize.desk.context import open_desk
    from deputize.desk.stations import listing
    from deputize.supervisor import run

    home = find_home()
    with open_desk(home) as desk:
        others = sum(1 for _, alive in listing(desk) if alive)
    if others:
        output.note(f"{others} other worker{'s run' if others > 1 else ' runs'} already")
    wanted = f"tasks of role {', '.join(roles)}" if roles else "tasks"
    output.note(f"working on {wanted} of {home.path}; Ctrl-C finishes what runs, then ends")
    return run(home, roles=roles, slots=slots, background=False)
