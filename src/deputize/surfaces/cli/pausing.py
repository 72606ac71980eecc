"""What `pause` and `resume` share: which gate is meant, and how gates are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.gate import Gate, GateKind

KINDS = ("role", "agent", "provider")


def add_gate_arguments(parser: ArgumentParser) -> None:
    """Let a verb name what is meant; everything, where nothing is named."""
    one = parser.add_mutually_exclusive_group().add_argument
    for kind in KINDS:
        one(f"--{kind}", metavar="NAME", help=f"only tasks of this {kind}")
    add_format(parser)


def chosen_gate(arguments: Namespace) -> tuple[GateKind, str]:
    """Return the kind and name that were given."""
    from deputize.model.gate import GateKind

    for kind in KINDS:
        name = getattr(arguments, kind)
        if name is not None:
            return GateKind(kind), name
    return GateKind.ALL, ""


def told(gate: Gate) -> str:
    """Say in one line what is closed, since when and how it opens."""
    from deputize.model.order import by_the_clock, resuming

    if gate.until is None:
        return f"{gate.label} is paused (`{resuming(gate)}`)"
    return f"{gate.label} has a limit until {by_the_clock(gate.until)}"
