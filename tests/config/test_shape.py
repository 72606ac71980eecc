"""Values that tables fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from deputize.config.shape import Shape, laid_over
from deputize.model.agent import AgentSettings
from tests.config.everything import MEANT

if TYPE_CHECKING:
    from collections.abc import Mapping

BELOW = MEANT.agents["mine"]
"""Settings none of which is at its default."""


@pytest.mark.parametrize(
    "table",
    [
        {"command": [], "success": [], "read": [], "env": []},
        {"output": "text", "delivers": "files", "kind": "acp"},
        {"protocol": 1},
        {"patterns": {"rate_limited": []}},
    ],
)
def test_what_a_table_says_goes_over_what_is_below(table: Mapping[str, Any]) -> None:
    """Also where that is the default; what it doesn't name stays."""
    own = Shape("x").fill(AgentSettings, table)
    below = BELOW._replace(protocol=2)
    expected = below._replace(**{key: getattr(own, key) for key in table})
    assert expected != below
    assert laid_over(below, own, table) == expected


def test_tables_in_tables_are_gone_through() -> None:
    """Key by key, and name by name."""
    table = {
        "providers": {"openai": {"model": "{model}"}, "ollama": {}},
        "variables": {"COLOUR": "", "A": "b"},
    }
    done = laid_over(BELOW, Shape("x").fill(AgentSettings, table), table)
    openai = BELOW.providers["openai"]
    assert done.providers["openai"] == openai._replace(model="{model}")
    assert set(done.providers) == {"openai", "ollama"}
    assert done.variables == {**BELOW.variables, "COLOUR": "", "A": "b"}
    assert done._replace(providers={}, variables={}) == BELOW._replace(providers={}, variables={})
