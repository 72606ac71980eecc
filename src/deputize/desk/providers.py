"""Verbs about providers: add one, list them, see whether they answer."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deputize.agents.keys import checked, key_path, key_place, read_key, store_in_keyring
from deputize.agents.providers import BYOK, TYPES, USUAL_URLS, byok
from deputize.agents.reach import Reached, reach
from deputize.config.dotenv import read_variables
from deputize.config.edit import write_provider
from deputize.config.load import load_config
from deputize.config.private import read_private, write_private
from deputize.config.variables import is_variable
from deputize.config.web_address import is_web_address
from deputize.errors import ConfigError, IllegalMove, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from deputize.config.home import Home
    from deputize.config.settings import ProviderSettings

__all__ = ["Reached", "add", "drafted", "listing", "takes_key", "test"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
KEYRING = "deputize"
"""The service under which the keyring holds keys, where no other is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderView:
    """A provider as it is set up, and whether its key is there."""

    name: str
    settings: ProviderSettings
    key: str | None
    """Where its key belongs; None where it needs none."""
    problem: str | None
    """Why its key can't be had."""
    hint: str | None = None

    @property
    def has_key(self) -> bool | None:
        """Tell whether the key is there; None where none is needed."""
        return None if self.key is None else self.problem is None


def listing(home: Home) -> list[ProviderView]:
    """Return every provider, with the one that variables describe as the last."""
    return [_view(name, settings, home) for name, settings in _all(home).items()]


def _all(home: Home) -> Mapping[str, ProviderSettings]:
    own = byok(read_variables(home))
    return {**load_config(home.config).providers, **({BYOK: own} if own else {})}


def _view(name: str, settings: ProviderSettings, home: Home) -> ProviderView:
    problem = hint = None
    try:
        read_key(name, settings, read_variables(home))
    except ConfigError as error:
        problem, hint = error.message, error.hint
    key = key_place(name, settings, home)
    return ProviderView(name=name, settings=settings, key=key, problem=problem, hint=hint)


def test(home: Home, names: Sequence[str], *, seconds: float) -> list[tuple[str, Reached]]:
    """Ask providers for their models, all of them where none is named; NotFound, ConfigError."""
    known = _all(home)
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none yet: `deputize provider add`"
            raise NotFound(f"no provider is called {name!r}", hint=f"there are: {listed}")
    if not known:
        raise NotFound("no provider is configured", hint="`deputize provider add NAME --type …`")
    return [(name, _reach(name, known[name], home, seconds)) for name in names or known]


def _reach(name: str, settings: ProviderSettings, home: Home, seconds: float) -> Reached:
    try:
        key = read_key(name, settings, read_variables(home))
    except ConfigError as error:
        return Reached(url=settings.base_url, problem=error.message, hint=error.hint)
    return reach(settings, key, seconds=seconds)


def drafted(
    home: Home, name: str, settings: ProviderSettings, *, replace: bool = False
) -> ProviderSettings:
    """Return a new provider as it would be written, with a usual address and place of its key.

    Raises InvalidInput where something is wrong with it, IllegalMove where the name is taken.
    """
    if not _NAME.fullmatch(name):
        hint = "letters, digits, - and _, such as `work`"
        raise InvalidInput("that is no name of a provider", hint=hint)
    if name in load_config(home.config).providers and not replace:
        hint = f"`deputize provider list` shows it; --replace writes it anew, or edit {home.config}"
        raise IllegalMove(f"there is a provider called {name} already", hint=hint)
    if settings.type not in TYPES:
        raise InvalidInput(f"the type must be one of {', '.join(TYPES)}")
    url = _address(settings)
    if settings.key_variable is not None and not is_variable(settings.key_variable):
        hint = "the name of a variable, such as WORK_KEY; the key itself is asked for without it"
        raise InvalidInput("--key-variable takes a name, not a key", hint=hint)
    return settings._replace(base_url=url)


def _address(settings: ProviderSettings) -> str:
    """Return where a new provider is; none of its address is repeated, as a key may be in it."""
    url, hint = settings.base_url or USUAL_URLS.get(settings.type), "--base-url https://…"
    if url is None:
        raise InvalidInput(f"a provider of type {settings.type} needs an address", hint=hint)
    if "@" in url.partition("://")[2].partition("/")[0]:
        hint += ", without what is before the `@`: a key is kept apart from it"
        raise InvalidInput("the address has a name in it", hint=hint)
    if not is_web_address(url):
        raise InvalidInput("that is no address of a provider", hint=hint)
    return url


def takes_key(home: Home, settings: ProviderSettings) -> bool:
    """Tell whether the key itself has to be given: it goes to a file or keyring that lacks it."""
    if settings.key_file is not None:
        file = key_path(settings.key_file, home)
        return file.parent == home.keys or not file.exists()
    return settings.key_keyring is not None


def add(home: Home, name: str, settings: ProviderSettings, key: str | None) -> ProviderView:
    """Keep the key where it belongs and write the provider into home's config.toml.

    Raises ConfigError where either can't be done; then no settings have changed.
    """
    if key is not None:
        _keep(home, name, settings, checked(key, "what was given"))
    elif settings.key_file is not None:
        read_private(key_path(settings.key_file, home))
    table = {each: value for each, value in settings._asdict().items() if value is not None}
    write_provider(home.config, name, table)
    return _view(name, settings, home)


def _keep(home: Home, name: str, settings: ProviderSettings, key: str) -> None:
    if settings.key_keyring is not None:
        store_in_keyring(settings.key_keyring, name, key)
    elif settings.key_file is not None:
        write_private(key_path(settings.key_file, home), f"{key}\n".encode())
