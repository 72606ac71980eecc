"""The catalogue of models: what is shipped is whole, and a price holds where it is published."""

from __future__ import annotations

import pytest

from deputize.config.models import models_of, names_of_login, names_of_provider, shipped
from deputize.config.settings import BUILT_IN_ROLES, Config
from deputize.model.attempt import Usage
from deputize.model.price import KnownModel, describe, priced
from deputize.model.task import Kind

MILLION = Usage(input_tokens=100_000, output_tokens=100_000)
OWN = KnownModel("gpt-6.1-sol", cached_usd=1.0)


def cost(
    model: str,
    agent: str,
    url: str | None,
    *,
    own: tuple[KnownModel, ...] = (),
    used: Usage = MILLION,
) -> str | None:
    """Return what a model call costs with an agent, at a provider's address or by its own login."""
    config = Config(models=own)
    names = names_of_login(agent, config) if url is None else names_of_provider("work", url)
    return priced(used, model, names, models_of(config)).cost_usd


def test_every_shipped_model_is_named_once_priced_and_served_somewhere() -> None:
    """Its recommendations are words that tasks have."""
    models = shipped().models
    keys = [(each.name, each.provider) for each in models]
    assert len(set(keys)) == len(keys) > 20
    assert [each.name for each in models if not each.is_priced] == []
    assert {each.provider for each in models} == {*shipped().places, "github"}
    words = {word for each in models for word in each.recommended_for or ()}
    assert words <= {*Kind, *BUILT_IN_ROLES}


@pytest.mark.parametrize(
    ("model", "agent", "url", "dollars"),
    [
        ("claude-opus-5-5", "copilot", "https://api.anthropic.com", "2.4"),
        ("claude-opus-4-5-20251101", "claude", "https://api.anthropic.com", "3"),
        ("gpt-6.1-sol-2026-10-01", "codex", "https://api.openai.com/v1", "1.2"),
        ("claude-sonnet-5", "copilot", None, "1.2"),
        ("claude-opus-5-5", "claude", None, None),
        ("gpt-6.1-sol", "codex", None, None),
        ("gpt-6.1-sol", "codex", "https://gateway.example.org/v1", None),
        ("gpt-6.1-sol", "copilot", "https://api.openai.com.example.org/v1", None),
        ("gpt-6.1-sol", "codex", "https://[api.openai.com", None),
        ("gpt-6.1-sol-next", "codex", "https://api.openai.com/v1", None),
    ],
)
def test_a_shipped_price_holds_where_it_is_published(
    model: str, agent: str, url: str | None, dollars: str | None
) -> None:
    """By host, or Copilot's own login; a release's day is no part of a name, any other end is."""
    assert cost(model, agent, url) == dollars


def test_a_call_beyond_what_a_price_is_known_for_is_unpriced() -> None:
    """What goes in decides, up to and with the bound."""
    at = "https://api.openai.com/v1"
    most = Usage(input_tokens=272_000)
    assert cost("gpt-6.1-sol", "codex", at, used=most) == "0.544"
    assert cost("gpt-6.1-sol", "codex", at, used=Usage(input_tokens=272_001)) is None


def test_one_field_is_corrected_and_the_others_stay() -> None:
    """The user's entry comes first; it adds no price that isn't known there."""
    cached = Usage(input_tokens=200_000, cached_tokens=100_000)
    at = "https://api.openai.com/v1"
    assert cost("gpt-6.1-sol", "codex", at, used=cached) == "0.21"
    assert cost("gpt-6.1-sol", "codex", at, own=(OWN,), used=cached) == "0.3"
    assert cost("gpt-6.1-sol", "codex", None, own=(OWN,), used=cached) is None


def test_a_model_of_ones_own_is_known_at_its_provider_alone() -> None:
    """A pattern stands for its name; a login of its own is called as its agent."""
    own = (KnownModel("mine-*", "codex", input_usd=1.0, output_usd=1.0),)
    assert cost("mine-2", "codex", None, own=own) == "0.2"
    assert cost("mine-2", "claude", None, own=own) is None
    assert describe("other", {"codex"}, own) is None
