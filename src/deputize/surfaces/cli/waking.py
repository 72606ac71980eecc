"""What the verbs share that give work: somebody has to be there to do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deputize.desk.context import Desk
    from deputize.surfaces.cli.output import Output


def wake_up(desk: Desk, output: Output) -> None:
    """Start a worker where none is alive; that it can't be started is only a warning."""
    from deputize.desk import stations
    from deputize.errors import ConfigError, ProcessError

    try:
        if stations.wake_up(desk):
            output.note("a worker was started in the background")
    except (ProcessError, ConfigError) as error:
        output.warn(error.message, error.hint)
