"""The catalogue of models: what is shipped, below what the user's own settings say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from deputize.config.shape import Shape
from deputize.model.agent import BUILT_IN_AGENTS, kind_of
from deputize.model.price import KnownModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deputize.config.settings import Config

FILE = "models.toml"


class Catalogue(NamedTuple):
    """The shipped file."""

    places: dict[str, str]
    """Hosts by the name of who serves models there."""
    models: tuple[KnownModel, ...]


@cache
def shipped() -> Catalogue:
    """Return the models that deputize knows by itself."""
    import tomllib
    from importlib.resources import files

    table = tomllib.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    shape = Shape(FILE)
    models = (
        shape.fill(KnownModel, each, f"models.{place}")
        for place, each in enumerate(table["models"])
    )
    return Catalogue(table["places"], tuple(cast("KnownModel", each) for each in models))


def models_of(config: Config) -> tuple[KnownModel, ...]:
    """Return every entry, those that count first at the beginning."""
    return (*config.models, *shipped().models)


def served_by(agent: str, config: Config, provider: str | None, base_url: str | None) -> set[str]:
    """Return all the names of the place that serves an agent: prices hold by place.

    `provider` is None where it uses a login of its own. What a login of another kind than Copilot's
    costs nobody publishes for a token.
    """
    if provider is None:
        kind = kind_of(agent, config.agents)
        return {agent, "github"} if kind == "copilot" else {agent}
    host = urlsplit(base_url or "").hostname
    return {provider} | {name for name, at in shipped().places.items() if at == host}


def offered(config: Config) -> Mapping[str, list[KnownModel]]:
    """Return the entries that hold at each configured provider, and at each agent's own login."""
    entries = models_of(config)
    places = {
        name: served_by("", config, name, each.base_url) for name, each in config.providers.items()
    }
    for agent in {**BUILT_IN_AGENTS, **config.agents}:
        if config.provider_of(agent) is None:
            places.setdefault(agent, served_by(agent, config, None, None) | _login(agent, config))
    return {
        name: [each for each in entries if each.provider in place] for name, place in places.items()
    }


def _login(agent: str, config: Config) -> set[str]:
    """Return whose models a login gives: not for its price, which a plan may include."""
    makers = {"codex": "openai", "claude": "anthropic"}
    return {makers[kind]} if (kind := kind_of(agent, config.agents)) in makers else set()
