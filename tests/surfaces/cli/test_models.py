"""The verb that lists models, as a person types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.surfaces.cli.conftest import CommandLine

SETTINGS = """
[providers.work]
type = "openai"
base_url = "https://api.openai.com/v1"
key_variable = "WORK_KEY"
[[models]]
name = "gpt-6-luna"
provider = "openai"
output_usd = 7.5
[[models]]
name = "home-grown"
provider = "work"
context_tokens = 4096
recommended_for = ["gardening"]
"""


def test_models_are_listed_with_what_the_user_corrects(deputize: CommandLine) -> None:
    """A field of one's own goes before the shipped one; what has no price says so."""
    deputize.configure(SETTINGS)
    models = {
        each["name"]: each for each in deputize("models", "--provider", "work", "--json").document
    }
    luna, mine = models["gpt-6-luna"], models["home-grown"]
    assert (luna["input_usd"], luna["output_usd"], luna["priced"]) == (0.1, 7.5, True)
    assert (luna["offered_by"], luna["context_tokens"]) == (["codex", "work"], 1_050_000)
    assert (mine["input_usd"], mine["priced"], mine["offered_by"]) == (None, False, ["work"])
    listed = deputize("models", "--for", "gardening")
    assert listed.code == 0, listed.err
    assert "unpriced" in listed.out
    assert "gpt" not in listed.out


def test_names_that_are_not_there_are_answered_with_those_that_are(deputize: CommandLine) -> None:
    """A kind without a model, and a place without one."""
    for words, known in (("--for", "docs"), ("--provider", "anthropic")):
        said = deputize("models", words, "nonsense")
        assert said.code == 2
        assert known in said.err


def test_the_table_of_before_is_refused_with_the_one_that_is(deputize: CommandLine) -> None:
    """The error names both."""
    deputize.configure("[[prices]]\nmodel = 'm'\n")
    said = deputize("models")
    assert said.code == 3
    assert "`[[models]]`" in said.err
