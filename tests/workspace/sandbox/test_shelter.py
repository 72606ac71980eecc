"""The folders of a sandbox: there while it is used, gone afterwards."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.workspace.sandbox.shelter import PREFIX, sweep_boxes
from deputize.workspace.temporary import make_held

if TYPE_CHECKING:
    import pytest

    from tests.workspace.sandbox.conftest import Box

import os


def test_its_temporary_folder_is_its_own(box: Box) -> None:
    """It is the same inside and outside, and programs are led to it."""
    made = Path(box.inside("mktemp").strip())
    assert made.is_file()
    assert made.is_relative_to(Path(tempfile.gettempdir()).resolve())
    assert "CARGO_HOME=" + str(made.parent) in box.inside("env")


def test_only_what_nobody_holds_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was killed holds nothing any more; one that lives keeps what it uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    left, held = make_held(PREFIX)
    used, kept = make_held(PREFIX)
    os.close(held)
    sweep_boxes()
    assert not left.exists()
    assert used.is_dir()
    os.close(kept)
