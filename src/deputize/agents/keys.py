"""Where the key of a provider is, and reading it: variable, private file, or the system's keyring.

A key is read when an attempt begins and handed on; nothing keeps it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.private import read_private
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from types import ModuleType

    from deputize.config.dotenv import Variables
    from deputize.config.home import Home
    from deputize.config.settings import ProviderSettings

LONGEST_KEY = 8192
KEYRING_VARIABLES = frozenset({"DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "PYTHON_KEYRING_*"})
"""How the system's keyring is found."""
NO_KEYRING = "pip install 'deputize[keyring]'"


def key_place(name: str, settings: ProviderSettings, home: Home) -> str | None:
    """Say where the key of a provider belongs; None where it has none."""
    if settings.key_variable:
        return f"the variable {settings.key_variable}"
    if settings.key_file:
        return f"the file {key_path(settings.key_file, home)}"
    return f"the keyring, {settings.key_keyring} of {name}" if settings.key_keyring else None


def key_path(file: str, home: Home) -> Path:
    """Return the file that a `key_file` means."""
    return home.path / Path(file).expanduser()


def read_key(name: str, settings: ProviderSettings, variables: Variables) -> str | None:
    """Return a provider's key, None where it has none; ConfigError where that can't be had."""
    if settings.key_variable:
        return _from_variable(name, settings.key_variable, variables)
    if settings.key_file:
        file = key_path(settings.key_file, variables.home)
        return checked(read_private(file).decode("utf-8", "replace"), str(file))
    if settings.key_keyring:
        return _from_keyring(settings.key_keyring, name)
    return None


def checked(text: str, place: str) -> str:
    """Return a key without what surrounds it; ConfigError where that can't be one."""
    key = text.strip()
    if not key:
        raise ConfigError(f"{place} holds no key", hint="put the key there, and nothing else")
    # It goes into a header, where a line's end would begin another one.
    if not (key.isascii() and key.isprintable()) or " " in key or len(key) > LONGEST_KEY:
        raise ConfigError(f"{place} holds something that is no key", hint="the key alone, one line")
    return key


def _from_variable(name: str, variable: str, variables: Variables) -> str:
    value = variables.get(variable)
    if value is None:
        message = f"{variable} is not set, and provider {name} needs it"
        hint = f"export {variable}=…, or write it into {variables.home.variables}"
        raise ConfigError(message, hint=hint)
    return checked(value, f"the variable {variable}")


def _from_keyring(service: str, name: str) -> str:
    keyring = _keyring()
    try:
        key = keyring.get_password(service, name)
    except Exception as error:  # every back end raises what its system does
        raise _failed(error) from error
    if key is None:
        message = f"the keyring has no key of {name} under {service}"
        hint = f"`deputize provider add {name} --replace …` asks for it and stores it there"
        raise ConfigError(message, hint=hint)
    return checked(key, f"the keyring's {service} of {name}")


def store_in_keyring(service: str, name: str, key: str) -> None:
    """Put a key into the system's keyring; ConfigError where that can't be done."""
    keyring = _keyring()
    try:
        keyring.set_password(service, name, key)
        kept = keyring.get_password(service, name)
    except Exception as error:  # every back end raises what its system does
        raise _failed(error) from error
    if kept != key:
        # The back end of one who has switched keyrings off takes everything and keeps nothing.
        raise ConfigError("the keyring does not keep keys", hint="use --key-file instead")


def _keyring() -> ModuleType:
    try:
        import keyring
    except ImportError as error:
        raise ConfigError("the package keyring is not installed", hint=NO_KEYRING) from error
    return keyring


def _failed(error: Exception) -> ConfigError:
    # Its words may be anything; its kind says enough, and can't hold the key.
    message = f"the keyring can't be used: {type(error).__name__}"
    return ConfigError(message, hint="unlock it, or keep the key in a file: `key_file`")
