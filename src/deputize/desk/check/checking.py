"""Check an agent, and write down what was found."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from deputize.desk.answers import refuse_agents
from deputize.desk.check.conducting import Conduct
from deputize.desk.check.ledger import Ledger
from deputize.desk.check.subject import subject_of
from deputize.model.agent_check import AgentCheck
from deputize.store import agent_checks
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from collections.abc import Callable

    from deputize.desk.check.subject import Wanted
    from deputize.desk.context import Desk
    from deputize.model.agent_check import StepDone


def check(desk: Desk, name: str, wanted: Wanted, tell: Callable[[StepDone], None]) -> AgentCheck:
    """Check the agent of a name, telling each step as it is done, and keep what was found.

    The agent's program runs, for as long as the limit allows; a signal ends it with everything
    that it has started, and then nothing is kept.
    """
    refuse_agents(desk, "check agents")
    subject = subject_of(desk.home, name, wanted)
    began = time.monotonic()
    conduct = Conduct(subject=subject, ledger=Ledger(subject.kind, tell, subject.redactor))
    conduct.run(wanted.limit_seconds)
    found = AgentCheck(
        id=0,
        agent=name,
        kind=subject.kind,
        version=subject.found.version,
        path=subject.found.path,
        host=this_host(),
        login=subject.link,
        canary=conduct.canary,
        steps=tuple(conduct.ledger.steps),
        checked_at=desk.clock.now(),
        milliseconds=round((time.monotonic() - began) * 1000),
        by=desk.actor,
    )
    with desk.database.write() as transaction:
        agent_checks.insert(transaction, found, found.checked_at)
    return found
