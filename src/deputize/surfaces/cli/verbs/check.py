"""Check an agent: it is started, spoken with, refused a write, and given something small to do.

It takes less than 30 seconds and uses your login, or your provider: a few calls of a model. What
was found is kept for the version of the agent's program. Where a write was refused and the file is
there all the same, tasks that rest on the gate are not given to that version any more.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import add_format, seconds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from deputize.model.agent_check import AgentCheck, StepDone
    from deputize.surfaces.cli.output import Output, Part

EXAMPLES = """
  deputize check copilot
  deputize check copilot --byok
  deputize check copilot --provider local --model qwen3 --timeout 2m
"""
LIMIT_SECONDS = 30
WORTH_TELLING = 100
"""Milliseconds from which on it is told what a step took."""


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `check` takes."""
    add = parser.add_argument
    add("agent", metavar="AGENT", help="as `deputize agents` names it")
    add("--byok", action="store_true", help="use the configured provider, not the agent's login")
    add("--provider", metavar="NAME", help="use this provider, of [providers.NAME]")
    add("--model", metavar="M", help="use this model (default: the agent's)")
    add(
        "--timeout",
        type=seconds,
        default=LIMIT_SECONDS,
        metavar="T",
        help="how long all steps may take (default: 30s)",
    )
    add_format(parser)


def run(arguments: Namespace, output: Output) -> int:
    """Print each step as it is done; return 1 where one failed."""
    from deputize.desk.check.checking import check
    from deputize.desk.check.document import check_document
    from deputize.desk.check.subject import Wanted
    from deputize.desk.context import open_desk

    def tell(done: StepDone) -> None:
        # Nobody who stops reading stops the check: its processes have to be ended in order.
        with suppress(Exception):
            _print(done, output)

    wanted = Wanted(
        byok=arguments.byok,
        provider=arguments.provider,
        model=arguments.model,
        limit_seconds=arguments.timeout,
    )
    with open_desk() as desk:
        found = check(desk, arguments.agent, wanted, tell)
    if output.json:
        output.document(check_document(found))
    else:
        output.text(*_summary(found))
    return 0 if found.passed else 1


def _print(done: StepDone, output: Output) -> None:
    from deputize.surfaces.cli.output import dim, green, red, yellow

    if output.json:
        return
    colours = {"ok": green, "failed": red, "unseen": yellow}
    state = colours.get(done.state, dim)(f"{done.state.replace('_', ' '):<14}")
    spent = f"  ({done.milliseconds / 1000:.1f} s)" if done.milliseconds >= WORTH_TELLING else ""
    output.text(f"{done.step:<8} ", state, f" {done.text}{spent}")
    output.flush()


def _summary(found: AgentCheck) -> tuple[Part, ...]:
    from deputize.surfaces.cli.output import green, red

    name = f"{found.agent} {found.version}" if found.version else found.agent
    took = f"{found.milliseconds / 1000:.1f} s"
    state = green("works") if found.passed else red("does not pass")
    canary = f", deny canary: {found.canary}" if found.canary else ""
    return f"{name} ", state, f"{canary}, in {took}"
