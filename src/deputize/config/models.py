"""The catalogue of models: what is shipped, below what the user's own settings say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import urlsplit

from deputize.config.shape import Shape
from deputize.config.web_address import is_web_address
from deputize.model.agent import BUILT_IN_AGENTS, LOGIN_SERVERS, kind_of
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


def names_of_provider(name: str, base_url: str) -> set[str]:
    """Return all the names of the place that serves a provider's models: prices hold by place."""
    host = urlsplit(base_url).hostname if is_web_address(base_url) else None
    return {name} | {known for known, at in shipped().places.items() if at == host}


def names_of_login(agent: str, config: Config) -> set[str]:
    """Return the names under which the models of an agent's own login have prices.

    What a login of another kind than Copilot's costs nobody publishes for a token.
    """
    kind = kind_of(agent, config.agents)
    return {agent, LOGIN_SERVERS[kind]} if kind == "copilot" else {agent}


def offered(config: Config) -> Mapping[str, list[KnownModel]]:
    """Return the entries that hold at each configured provider, and at each agent's own login."""
    places = {
        name: names_of_provider(name, each.base_url) for name, each in config.providers.items()
    }
    for agent in {**BUILT_IN_AGENTS, **config.agents}:
        if config.provider_of(agent) is None:
            maker = LOGIN_SERVERS.get(kind_of(agent, config.agents))
            places.setdefault(agent, {agent, maker} if maker else {agent})
    entries = models_of(config)
    return {
        name: [each for each in entries if each.provider in place] for name, place in places.items()
    }
