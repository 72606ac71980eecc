"""What a running agent does, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.model.activity import IDLE_CPU_SECONDS, Doing
from deputize.surfaces.cli.times import span

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.model.activity import Activity


def in_words(activity: Activity, now: datetime) -> str:
    """Say what an attempt does and for how long; a plain `working` where nothing else is known."""
    doing = activity.doing(now)
    unheard = span((now - activity.heard_at).total_seconds())
    lasted = span((now - activity.since).total_seconds())
    about = f": {activity.what}" if activity.what else ""
    match doing:
        case Doing.WAITING_FOR_PERMISSION:
            return f"waiting for permission{about}, {lasted}"
        case Doing.WAITING_FOR_MODEL:
            return f"waiting for the model, {unheard}"
        case Doing.SILENT:
            return f"silent for {unheard}{_of_processes(activity)}"
    return f"working{about}, {lasted}" if about else "working"


def _of_processes(activity: Activity) -> str:
    """Say what its processes do meanwhile, where that is known."""
    if activity.process_count is None or activity.cpu_seconds is None:
        return ""
    if activity.process_count == 0:
        return "; none of its processes is left"
    if activity.cpu_seconds >= IDLE_CPU_SECONDS:
        return "; its processes work"
    return "; its processes only wait"
