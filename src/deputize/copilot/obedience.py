"""Whether the gate can be relied on: here nothing else stands between a prompt and a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.copilot.gathering import failed
from deputize.copilot.setting import AGENT
from deputize.model.agent_check import Canary
from deputize.model.outcome import Outcome
from deputize.store import agent_checks
from deputize.store.opening import open_database, shared_address
from deputize.workspace.processes.identity import this_host

if TYPE_CHECKING:
    from deputize.config.home import Home


def require_obedience(home: Home, version: str | None) -> None:
    """Raise AgentError where the runtime's version did not obey the gate when it was checked.

    StoreError where nobody can tell. A version that nobody has checked is trusted, as by workers.
    """
    if not home.database.exists() and shared_address() is None:
        return
    database = open_database(home)
    try:
        with database.read() as transaction:
            canary = agent_checks.canary_of(transaction, AGENT, version, this_host())
    finally:
        database.close()
    if canary is Canary.FAILED:
        named = f"{AGENT} {version}" if version else AGENT
        hint = f"install another version, then `deputize check {AGENT}`"
        message = f"{named} did not obey the gate when it was checked"
        raise failed(Outcome.POLICY_DENIED, message, hint)
