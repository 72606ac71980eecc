"""What agents are told besides their tasks: home says it, a repository adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deputize.config.load import CONTEXT_CHARACTERS, load_config
from deputize.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from deputize.config.settings import ContextSettings


def context(home: Path, said: str, own: str) -> ContextSettings:
    """Load both."""
    (home / "config.toml").write_text(f"[context]\n{said}")
    return load_config(home / "config.toml", f"[context]\n{own}".encode()).context


def test_a_repository_adds_to_what_home_says(tmp_path: Path) -> None:
    """Home's words come first; neither leaves the other's out."""
    found = context(tmp_path, "project = 'Ours.'", "project = ' Theirs. '")
    assert found.project == "Ours.\n\nTheirs."
    assert context(tmp_path, "project = 'Ours.'", "").project == "Ours."
    assert context(tmp_path, "", "project = 'Theirs.'").project == "Theirs."


@pytest.mark.parametrize(
    ("said", "own"), [("false", "true"), ("true", "false"), ("false", ""), ("", "false")]
)
def test_either_may_do_without_what_is_automatic(tmp_path: Path, said: str, own: str) -> None:
    """A repository doesn't bring back what home has switched off."""
    lines = [f"automatic = {word}" if word else "" for word in (said, own)]
    assert not context(tmp_path, *lines).automatic
    assert context(tmp_path, "", "").automatic


def test_what_is_too_long_for_a_prompt_is_refused(tmp_path: Path) -> None:
    """In either place, by its key."""
    long = f"project = '{'x' * (CONTEXT_CHARACTERS + 1)}'"
    for said, own in ((long, ""), ("", long)):
        with pytest.raises(ConfigError, match=r"`context\.project` must be a text of at most"):
            context(tmp_path, said, own)
