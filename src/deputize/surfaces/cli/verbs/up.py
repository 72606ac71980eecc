"""Work: in the foreground, in the background with --detach, or as a service with --install.

A worker runs agents, lands their changes, and looks after what was left behind. `add` starts one in
the background by itself; `up` is for watching one, and --install for going on after a reboot.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize up                    # Ctrl-C finishes and lands what runs
  deputize up --detach
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
    from deputize.surfaces.cli.working import work_here

    return work_here(output)


def _detach(output: Output) -> int:
    from deputize.desk.context import open_desk
    from deputize.desk.starting import start_and_wait

    with open_desk() as desk:
        worker = start_and_wait(desk)
    output.text(worker.id)
    output.note(
        f"a worker with {worker.slots} slots works in the background; `deputize down` ends it"
    )
    return 0


def _change_service(output: Output, *, install: bool) -> int:
    from deputize.config.home import find_home
    from deputize.desk import service

    done = service.install(find_home()) if install else service.uninstall()
    output.text(str(done.file))
    for line in done.told:
        output.note(line)
    return 0
