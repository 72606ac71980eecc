"""The programs that our file describes as agents, set up for the conformance suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deputize.agents.command.agent import CommandAgent
from deputize.config.agents import shipped
from deputize.demo.model import MODEL_NAME
from tests.agents.rigs import Kind, openai_provider
from tests.agents.scenes import SUBMITTED, WRITTEN_OUT
from tests.fixtures.programs import find_aider, find_gemini, find_mini, find_opencode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from deputize.agents.base import Agent
    from deputize.clock import Clock
    from deputize.demo.model import ScriptedModel


def _described(name: str, find: Callable[[], Path]) -> Callable[[Clock], Agent]:
    """Return how to make an agent as it is described in our file, with the program of the tests."""
    return lambda clock: CommandAgent(name, shipped()[name]._replace(path=str(find())), clock)


def _offline(_: ScriptedModel) -> dict[str, str]:
    return {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "OPENCODE_DISABLE_MODELS_FETCH": "1"}


OPENCODE = Kind(
    name="opencode",
    make=_described("opencode", find_opencode),
    variables=_offline,
    provider=openai_provider,
    asks=False,
    resumes=False,
    keeps_short="busy, it may leave before all that it has said is written",
    tells_limits="no",
)
MINI = Kind(
    name="mini-swe-agent",
    make=_described("mini-swe-agent", find_mini),
    variables=_offline,
    provider=openai_provider,
    asks=False,
    resumes=False,
    reports_usage="turn",
    script=SUBMITTED,
    keeps_output=True,
    keeps_short="its answer is what a command prints, and no argument of one is as long",
)
AIDER = Kind(
    name="aider",
    make=_described("aider", find_aider),
    variables=_offline,
    provider=openai_provider,
    asks=False,
    resumes=False,
    reports_usage="last",
    script=WRITTEN_OUT,
    runs_commands=False,
    tells_limits="no",
    needs_git=True,
    adds_words=True,
    keeps_short="it breaks long lines, and says more besides",
)


def _gemini_variables(model: ScriptedModel) -> dict[str, str]:
    return {
        "GEMINI_API_KEY": "dummy",
        "GOOGLE_GEMINI_BASE_URL": model.base_url,
        "GEMINI_MODEL": MODEL_NAME,
    }


GEMINI = Kind(
    name="gemini",
    make=_described("gemini", find_gemini),
    variables=_gemini_variables,
    home={".gemini/settings.json": '{"security": {"auth": {"selectedType": "gemini-api-key"}}}'},
    asks=False,
    reports_usage="sum",
    shows_commands=True,
    keeps_short="it takes what is much alike for a loop",
    tells_limits="no",
)
