"""Work: in the foreground, in the background with --detach, or as a service with --install.

A worker runs agents, lands their changes, and looks after what was left behind. `add` starts one in
the background by itself; `up` is for watching one, and --install for going on after a reboot.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format
from deputize.surfaces.cli.working import add_report_arguments, work_here

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.desk.service import Done
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize up                    # Ctrl-C finishes and lands what runs
  deputize up --detach           # prints the worker's name, with --json all about it
  deputize up --install          # a service of yours (systemd, launchd)
  deputize up --uninstall
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `up` takes."""
    ways = parser.add_mutually_exclusive_group()
    ways.add_argument("--detach", action="store_true", help="work in the background")
    ways.add_argument("--install", action="store_true", help="make a service that starts by itself")
    ways.add_argument("--uninstall", action="store_true", help="take the service away")
    ways.add_argument("--background", action="store_true", help=argparse.SUPPRESS)
    add_report_arguments(parser)
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Work, or see to it that somebody does."""
    if arguments.background:
        from deputize.config.home import find_home
        from deputize.supervisor import run as work

        return work(find_home(), roles=(), slots=None, background=True)
    if arguments.detach:
        return _detach(output)
    if arguments.install or arguments.uninstall:
        return _change_service(output, install=arguments.install)
    return work_here(output, arguments.progress)


def _detach(output: Output) -> int:
    from deputize.config.home import find_home
    from deputize.desk.doctor import open_fit_desk
    from deputize.desk.documents import worker_document
    from deputize.desk.starting import start_and_wait

    with open_fit_desk(find_home()) as desk:
        worker = start_and_wait(desk)
    if output.json:
        output.document(worker_document(worker, alive=True))
        return 0
    output.text(worker.id)
    output.note(
        f"a worker with {worker.slots} slots works in the background; `deputize down` ends it"
    )
    return 0


def _change_service(output: Output, *, install: bool) -> int:
    """Make the service or take it away; return 1 where the system was not told all of it."""
    from deputize.config.home import find_home
    from deputize.desk import service
    from deputize.desk.doctor import require_fit

    home = find_home()
    if install:
        require_fit(home)
    done = service.install(home) if install else service.uninstall()
    if output.json:
        output.document({"file": str(done.file), "left": done.left, "problem": done.problem})
    else:
        output.text(str(done.file))
    if done.left:
        _warn_of_rest(done, output, "enabled" if install else "stopped")
    if done.hint:
        output.note(done.hint)
    return 1 if done.left else 0


def _warn_of_rest(done: Done, output: Output, wanted: str) -> None:
    text = f"the service is not {wanted}: `{done.left[0]}` did not work ({done.problem})"
    output.warn(text, ", then ".join(f"`{command}`" for command in done.left))
