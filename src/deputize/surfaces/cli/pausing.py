"""What `pause` and `resume` share: which barrier is meant, and how barriers are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, plan_id

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.barrier import Barrier, BarrierKind

KINDS = ("role", "agent", "provider", "plan")


def add_barrier_arguments(parser: ArgumentParser) -> None:
    """Let a verb name what is meant; everything, where nothing is named."""
    one = parser.add_mutually_exclusive_group().add_argument
    for kind in KINDS:
        if kind == "plan":
            one("--plan", type=plan_id, metavar="ID", help="only tasks of a plan: p3 or 3")
        else:
            one(f"--{kind}", metavar="NAME", help=f"only tasks of this {kind}")
    add_format(parser)


def chosen_barrier(arguments: Namespace) -> tuple[BarrierKind, str]:
    """Return the kind and name that were given."""
    from deputize.model.barrier import BarrierKind

    for kind in KINDS:
        name = getattr(arguments, kind)
        if name is not None:
            return BarrierKind(kind), str(name)
    return BarrierKind.ALL, ""


def told(barrier: Barrier) -> str:
    """Say in one line what is closed, since when and how it opens."""
    from deputize.model.order import by_the_clock, resuming

    if barrier.until is None:
        return f"{barrier.label} is paused (`{resuming(barrier)}`)"
    return f"{barrier.label} has a limit until {by_the_clock(barrier.until)}"
