"""Where the key of a provider is, and reading it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as Failing
from keyring.backends.null import Keyring as Null

from deputize.agents.keys import key_place, read_key, store_in_keyring
from deputize.config.dotenv import Variables
from deputize.config.home import Home
from deputize.config.private import write_private
from deputize.config.settings import ProviderSettings
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "hush-0123456789"


class Filed(KeyringBackend):
    """A keyring in a folder: a file for each key."""

    priority = 1.0
    folder: Path
    """Where keys are kept."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return a key."""
        file = self.folder / f"{service}-{username}"
        return file.read_text() if file.exists() else None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a key."""
        (self.folder / f"{service}-{username}").write_text(password)

    def delete_password(self, service: str, username: str) -> None:
        """Forget a key."""
        (self.folder / f"{service}-{username}").unlink()


@pytest.fixture
def kept() -> Iterator[None]:
    """Put the keyring that was in use back afterwards."""
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def variables(folder: Path, **known: str) -> Variables:
    """Return what is set, for a home in `folder`."""
    return Variables(home=Home(folder), environment=known)


def provider(**more: str) -> ProviderSettings:
    """Return a provider whose key is where `more` says."""
    return ProviderSettings(type="openai", base_url="http://x/v1", **more)


def test_a_key_is_read_from_its_variable(tmp_path: Path) -> None:
    """What surrounds it is cut off; where it is missing, the error says where it may be set."""
    mine = provider(key_variable="MY_KEY")
    assert read_key("mine", mine, variables(tmp_path, MY_KEY=f" {KEY}\n")) == KEY
    with pytest.raises(ConfigError, match="MY_KEY is not set, and provider mine") as caught:
        read_key("mine", mine, variables(tmp_path, MY_KEY=""))
    assert str(tmp_path / ".env") in (caught.value.hint or "")


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    """A file's name counts from home's folder, and the file has to be private."""
    write_private(tmp_path / "keys" / "mine", f"{KEY}\n".encode())
    for name in ("keys/mine", str(tmp_path / "keys" / "mine")):
        assert read_key("mine", provider(key_file=name), variables(tmp_path)) == KEY
    (tmp_path / "keys" / "mine").chmod(0o644)
    with pytest.raises(ConfigError) as caught:
        read_key("mine", provider(key_file="keys/mine"), variables(tmp_path))
    assert caught.value.hint == f"chmod 600 {tmp_path / 'keys' / 'mine'}"


@pytest.mark.usefixtures("kept")
def test_a_key_is_read_from_the_keyring(tmp_path: Path) -> None:
    """It stands there under a service, for a user named as the provider."""
    Filed.folder = tmp_path
    keyring.set_keyring(Filed())  # type: ignore[no-untyped-call]
    store_in_keyring("deputize", "mine", KEY)
    assert (tmp_path / "deputize-mine").read_text() == KEY
    mine = provider(key_keyring="deputize")
    assert read_key("mine", mine, variables(tmp_path)) == KEY
    with pytest.raises(ConfigError, match="no key of other under deputize"):
        read_key("other", mine, variables(tmp_path))


@pytest.mark.usefixtures("kept")
def test_a_keyring_that_keeps_nothing_is_refused(tmp_path: Path) -> None:
    """Neither one that is switched off nor one that fails takes a key silently."""
    keyring.set_keyring(Null())  # type: ignore[no-untyped-call]
    with pytest.raises(ConfigError, match="does not keep keys"):
        store_in_keyring("deputize", "mine", KEY)
    keyring.set_keyring(Failing())  # type: ignore[no-untyped-call]
    mine = provider(key_keyring="deputize")
    with pytest.raises(ConfigError, match="can't be used: NoKeyringError"):
        read_key("mine", mine, variables(tmp_path))


def test_without_its_package_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The keyring is an extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError) as caught:
        read_key("mine", provider(key_keyring="deputize"), variables(tmp_path))
    assert "deputize[keyring]" in (caught.value.hint or "")


@pytest.mark.parametrize("key", ["", " \n", "hush\nX-Evil: 1", "hush hush", "hush\x00", "hüsh"])
def test_what_can_be_no_key_is_refused(tmp_path: Path, key: str) -> None:
    """Nothing that would begin another header gets through, and none of it is repeated."""
    write_private(tmp_path / "key", key.encode())
    with pytest.raises(ConfigError, match=r"holds no key|no key$") as caught:
        read_key("mine", provider(key_file="key"), variables(tmp_path))
    assert "hush" not in str(caught.value)


def test_where_a_key_belongs_is_told(tmp_path: Path) -> None:
    """Without the key."""
    home = Home(tmp_path)
    assert key_place("mine", provider(), home) is None
    assert key_place("mine", provider(key_variable="V"), home) == "the variable V"
    assert key_place("mine", provider(key_file="k"), home) == f"the file {tmp_path / 'k'}"
    told = key_place("mine", provider(key_keyring="deputize"), home)
    assert told == "the keyring, deputize of mine"
