"""The tables of a person's own hooks: what can't work is refused, by its key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.load import load_config
from deputize.config.settings import Config, HookSettings
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = 'on = ["before_tool"]\ncommand = ["true"]\n'


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('command = ["true"]', "hooks.0.on"),
        ('on = []\ncommand = ["true"]', "hooks.0.on"),
        ('on = ["before_tol"]\ncommand = ["true"]', "hooks.0.on.0"),
        ('on = ["prompt"]', "hooks.0.command"),
        ('on = ["prompt"]\ncommand = []', "hooks.0.command"),
        ('on = ["prompt"]\ncommand = [""]', "hooks.0.command.0"),
        ('on = ["prompt"]\ncommand = "true"', "hooks.0.command"),
        ('on = ["prompt"]\ncommand = ["true"]\nurl = "http://localhost/"', "hooks.0.command"),
        ('on = ["prompt"]\nurl = "ftp://localhost/"', "hooks.0.url"),
        ('on = ["prompt"]\nurl = "http://me:word@localhost/"', "hooks.0.url"),
        (f"{GOOD}timeout_seconds = 0", "hooks.0.timeout_seconds"),
        (f'{GOOD}agents = ["copilto"]', "hooks.0.agents.0"),
        (f'{GOOD}roles = ["writter"]', "hooks.0.roles.0"),
        (f'{GOOD}name = "no spaces"', "hooks.0.name"),
        (f'{GOOD}name = "hook-2"\n[[hooks]]\n{GOOD}', "hooks.1.name"),
        (f"{GOOD}timeout = 5", "hooks.0.timeout"),
    ],
)
def test_a_hook_that_can_not_work_is_refused(tmp_path: Path, table: str, key: str) -> None:
    """The error names the key; the address, whose path may be a secret, is not repeated."""
    file = tmp_path / "config.toml"
    file.write_text(f"[[hooks]]\n{table}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(file)
    assert f"`{key}`" in caught.value.message
    assert "localhost/" not in caught.value.message


def test_a_repository_has_no_hooks(tmp_path: Path) -> None:
    """What runs with a person's own rights comes from their home alone."""
    with pytest.raises(ConfigError, match="a repository may not set `hooks`"):
        load_config(tmp_path / "none", f"[[hooks]]\n{GOOD}".encode())


def test_a_hook_that_decides_calls_holds_the_tasks_that_it_is_for() -> None:
    """By its name; one that only hears of calls holds nobody."""
    hooks = (
        HookSettings(on=("after_tool",), command=("true",)),
        HookSettings(on=("before_tool",), command=("true",), roles=("writer",)),
    )
    config = Config(hooks=hooks, fallback=("aider",))
    assert config.hook_on_calls("writer", "aider") == "hook-2"
    assert config.hook_on_calls("inspector", "aider") is None
    (substitute,) = config.rules.fallback
    assert "writer" in substitute.not_roles
    assert "inspector" not in substitute.not_roles
