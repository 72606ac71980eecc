"""An agent whose program holds several sessions, and what its attempts show."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.agents.acp.agent import AcpAgent
from deputize.agents.base import Said

if TYPE_CHECKING:
    from deputize.agents.pool.pool import Pool
    from tests.agents.sharing import Hand

CROWD = Path(__file__).with_name("crowd_agent.py")


def agent(pool: Pool, *ways: str, version: int = 1) -> AcpAgent:
    """Return the agent whose program has something wrong with it."""
    command = (sys.executable, "-I", str(CROWD), *ways)
    return AcpAgent("crowd", command, version=version, pool=pool)


def place(hand: Hand, name: str) -> Path:
    """Return a file in an attempt's folder."""
    return hand.job.workspace / name


def said(hand: Hand) -> str:
    """Return all that an attempt heard the agent say."""
    return "".join(each.text for each in hand.events if isinstance(each, Said))


def seen(hand: Hand) -> dict[str, str]:
    """Return what the program said of itself as it began an attempt's session."""
    told: dict[str, str] = json.loads(place(hand, "environment.json").read_text())
    return told
