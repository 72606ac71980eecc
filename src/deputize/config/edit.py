"""Write a table into home's config.toml; its comments, and the order of all else, stay."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from deputize.config.load import load_config
from deputize.config.private import MODE, write_private
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tomlkit import TOMLDocument


def write_provider(file: Path, name: str, table: Mapping[str, str]) -> None:
    """Put `[providers.NAME]` in place; ConfigError where the file would not be right with it."""
    place = file.resolve()  # who links it to elsewhere wants it to stay there
    try:
        text = place.read_text("utf-8")
        mode = stat.S_IMODE(place.stat().st_mode)
    except FileNotFoundError:
        text, mode = "", MODE
    draft = place.with_name(f".{place.name}.draft")
    write_private(draft, _with_provider(text, name, table, file).encode())
    try:
        load_config(draft)
        write_private(place, draft.read_bytes(), mode)
    finally:
        draft.unlink(missing_ok=True)


def _with_provider(text: str, name: str, table: Mapping[str, str], file: Path) -> str:
    """Return settings with a provider more, or another one of that name."""
    import tomllib

    import tomlkit

    written = tomlkit.parse(text)
    try:
        _put(written, name, table)
        found = tomlkit.dumps(written)
        wanted = tomllib.loads(text)
        wanted.setdefault("providers", {})[name] = dict(table)
        is_right = tomllib.loads(found) == wanted
    except ValueError:
        is_right, found = False, ""
    if not is_right:
        lines = "\n".join(f"{key} = {value!r}" for key, value in table.items())
        message = f"{file}: its `providers` are written so that no other can be added"
        raise ConfigError(message, hint=f"write it yourself: [providers.{name}]\n{lines}")
    return found


def _put(written: TOMLDocument, name: str, table: Mapping[str, str]) -> None:
    import tomlkit

    providers = written.setdefault("providers", tomlkit.table(is_super_table=True))
    own = tomlkit.table()
    own.update(table)
    if name not in providers:
        own.add(tomlkit.nl())
    providers[name] = own
