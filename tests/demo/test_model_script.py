"""A script is plain data: checked when made, and the same after a trip through JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deputize.demo.model import (
    CallTool,
    CutStream,
    EditFile,
    ErrorReply,
    FetchAddress,
    Hang,
    ReadFile,
    RunShell,
    Scene,
    Script,
    Turn,
    WriteFile,
    dump_script,
    load_script,
    load_script_file,
)
from deputize.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

texts = st.text(max_size=12)
times = st.none() | st.integers(1, 5)
spans = st.none() | st.integers(0, 900)
arguments = texts | st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=3)
steps = st.one_of(
    st.builds(WriteFile, path=texts, content=texts),
    st.builds(EditFile, path=texts, old=texts, new=texts),
    st.builds(ReadFile, path=texts),
    st.builds(FetchAddress, url=texts),
    st.builds(RunShell, command=texts),
    st.builds(CallTool, name=texts, arguments=arguments),
)
faults = st.one_of(
    st.builds(
        ErrorReply,
        status=st.integers(400, 599),
        message=texts,
        retry_after_seconds=spans,
        reset_after_seconds=spans,
        times=times,
    ),
    st.builds(Hang, times=times),
    st.builds(CutStream, after_events=st.integers(0, 9), times=times),
)
turns = st.builds(
    Turn,
    say=texts,
    steps=st.lists(steps, min_size=1, max_size=2).map(tuple),
    fault=st.none() | faults,
    wait_for=st.none() | texts,
    delay_seconds=st.floats(0, 5),
    word_seconds=st.floats(0, 1),
)
scripts = st.lists(
    st.tuples(texts.filter(bool), st.lists(turns, min_size=1, max_size=3)),
    max_size=3,
    unique_by=lambda scene: scene[0],
).map(
    lambda scenes: Script(
        scenes=tuple(
            Scene(name=name, contains=name, turns=tuple(played)) for name, played in scenes
        )
    )
)


@given(scripts)
def test_a_script_survives_json(script: Script) -> None:
    """Whatever can be scripted is the same after being written and read."""
    assert load_script(dump_script(script)) == script


def test_defaults_are_left_out() -> None:
    """A written script says only what isn't the default, so that people can read it."""
    script = Script(scenes=(Scene(name="s", turns=(Turn(say="Hello."),)),))
    assert json.loads(dump_script(script)) == {
        "scenes": [{"name": "s", "turns": [{"say": "Hello."}]}]
    }


def test_a_script_is_read_from_a_file(tmp_path: Path) -> None:
    """A file with a script gives that script; one that isn't there gives a clear error."""
    script = Script(scenes=(Scene(name="s", turns=(Turn(say="Grüße"),)),))
    (tmp_path / "script.json").write_text(dump_script(script), encoding="utf-8")
    assert load_script_file(tmp_path / "script.json") == script
    with pytest.raises(InvalidInput, match="can't be read"):
        load_script_file(tmp_path / "missing.json")


def _with_turn(turn: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps({"scenes": [{"name": "s", "turns": [turn]}]})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "script must be an object"),
        ("{}", "script lacks 'scenes'"),
        ('{"scenes": 1}', "script.scenes must be a list"),
        ('{"scenes": [], "x": 1}', "script has an unknown key 'x'"),
        (_with_turn({"delay_seconds": "1"}), r"script.scenes\[0\].turns\[0\].delay_seconds must"),
        (_with_turn({"delay_seconds": True}), "must be a number"),
        (_with_turn({"steps": [{"kind": "jump"}]}), r"steps\[0\].kind must be one of write_file"),
        (_with_turn({"steps": [{"kind": "run_shell"}]}), "lacks 'command'"),
        (_with_turn({"steps": [{"kind": "hang"}]}), "must be one of"),
        (_with_turn({"fault": {"kind": "error", "status": 200}}), "status of 400 to 599"),
        (_with_turn({"fault": {"kind": "error", "status": "500"}}), "must be a whole number"),
        (_with_turn({"fault": {"kind": "hang", "times": 0}}), "times must be at least 1"),
        (_with_turn({"say": None}), "say must be a text"),
    ],
)
def test_what_is_no_script_is_refused(text: str, complaint: str) -> None:
    """A wrong script gives one error that names the place."""
    with pytest.raises(InvalidInput, match=complaint):
        load_script(text)


def test_scenes_that_make_no_sense_are_refused() -> None:
    """Turns and scenes that could never be played are refused when they are made."""
    talk = Turn(say="Hello.")
    with pytest.raises(InvalidInput, match="has no turns"):
        Scene(name="s", turns=())
    with pytest.raises(InvalidInput, match="only the last turn"):
        Scene(name="s", turns=(talk, talk))
    everything = Scene(name="everything", turns=(talk,))
    with pytest.raises(InvalidInput, match="only the last scene"):
        Script(scenes=(everything, Scene(name="s", contains="s", turns=(talk,))))
    with pytest.raises(InvalidInput, match="same name"):
        Script(scenes=(Scene(name="s", contains="s", turns=(talk,)),) * 2)
    with pytest.raises(InvalidInput, match="delay_seconds must be at least 0, not nan"):
        Turn(delay_seconds=float("nan"))
