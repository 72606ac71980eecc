"""The verb about models: what is known of each, and who offers it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.config.models import models_of, offered
from deputize.errors import NotFound
from deputize.model.price import KnownModel, describe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.config.home import Home
    from deputize.config.settings import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model as the catalogue and the user's corrections have it."""

    known: KnownModel
    offered_by: Sequence[str]
    """Providers that are configured, and agents with a login of their own."""


def listing(home: Home, *, provider: str | None = None, kind: str | None = None) -> list[ModelView]:
    """Return the models, of one place or for one kind of task where these are said.

    `provider` is who serves it, or a place of one's own. NotFound where nothing is of that name.
    """
    config = load_config(home.config)
    found = list(_views(config))
    if provider is not None:
        names = {name for each in found for name in (each.known.provider, *each.offered_by) if name}
        if provider not in names | set(config.providers):
            hint = f"there are: {', '.join(sorted(names))}"
            raise NotFound(f"no provider of models is called {provider!r}", hint=hint)
        found = [each for each in found if provider in (each.known.provider, *each.offered_by)]
    if kind is None:
        return found
    kinds = {word for each in found for word in each.known.recommended_for or ()}
    if kind not in kinds:
        hint = f"there are: {', '.join(sorted(kinds)) or 'none of this provider'}"
        raise NotFound(f"no model is recommended for {kind!r}", hint=hint)
    return [each for each in found if kind in (each.known.recommended_for or ())]


def _views(config: Config) -> list[ModelView]:
    entries, places = models_of(config), offered(config)
    keys = dict.fromkeys((each.name, each.provider) for each in entries)
    return [_view(config, name, provider, entries, places) for name, provider in keys]


def _view(
    config: Config,
    name: str,
    provider: str | None,
    entries: Sequence[KnownModel],
    places: Mapping[str, Sequence[KnownModel]],
) -> ModelView:
    known = describe(name, {provider} if provider else (), entries) or KnownModel(name)
    offers = {
        place
        for place, models in places.items()
        if any((each.name, each.provider) == (name, provider) for each in models)
    }
    if provider is None:
        offers |= {place for place, each in config.providers.items() if each.model == name}
        offers |= {agent for agent, each in config.agents.items() if each.model == name}
    return ModelView(known=known._replace(provider=provider), offered_by=sorted(offers))


def model_document(view: ModelView) -> dict[str, object]:
    """Return a model as JSON; a price that is not known is null."""
    told = view.known._asdict()
    told["recommended_for"] = list(view.known.recommended_for or ())
    return {**told, "priced": view.known.is_priced, "offered_by": list(view.offered_by)}
