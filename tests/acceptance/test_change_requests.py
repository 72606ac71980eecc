"""Agents that edit nothing: their answer says what is to change, and is carried out for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from deputize.demo.model import Scene, Script, ScriptedModel, Turn, WriteFile
from tests.acceptance.test_real_agents import let_codex_work
from tests.changes.requests import create, modify, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fixtures.house import House

REQUEST = request(
    create("hello.txt", "hello\n"), create("made/by.log", "ignored, and asked for\n"), title="Greet"
)
NEW = "made/by.log"


def saying(*answers: str) -> str:
    """Return a script that gives one answer after another, and counts them."""
    cases = "\n".join(
        f"{number}) cat <<'END'\n{answer}\nEND\n;;" for number, answer in enumerate(answers, 1)
    )
    return f"echo >> $SIGNS/turns\ncase $(wc -l < $SIGNS/turns) in\n{cases}\nesac"


def set_up(house: House, setting: str) -> None:
    """Set something more of the agent that reads its prompt as a script."""
    settings = house.home.config.read_text()
    house.home.config.write_text(settings.replace('"-s"]\n', f'"-s"]\n{setting}\n'))


@pytest.fixture
def signs(house: House) -> Path:
    """Give the folder in which the answers are counted; the agent knows it as well."""
    house.signs.mkdir(exist_ok=True)
    house.environment["SIGNS"] = str(house.signs)
    house.configure()
    set_up(house, 'env = ["SIGNS"]')
    house.repo.write(".gitignore", "*.log\n")
    house.repo.commit()
    return house.signs


def ask(house: House, prompt: str, *words: str) -> dict[str, Any]:
    """Have a task answered by a change request, and return it once it has ended."""
    task = house.add(prompt, "--output", "change-request", *words)
    house.up()
    return house.until(task)


def turns(signs: Path) -> int:
    """Return how often the agent was asked."""
    return (signs / "turns").read_text().count("\n")


def test_an_answer_is_carried_out_and_lands(house: House, signs: Path) -> None:
    """Words around it don't matter; it is told in words, and the workspace goes."""
    answer = f"That is it:\n```json\n{json.dumps(REQUEST, indent=1)}\n```\nDone {{as}} asked."
    done = ask(house, saying(answer))
    assert done["state"] == "done", done
    assert (done["output"], turns(signs)) == ("change-request", 1)
    assert house.repo.git("show", "main:hello.txt") == "hello"
    assert house.repo.git("show", f"main:{NEW}") == "ignored, and asked for"
    assert done["result"] == f"Greet\n\n- create hello.txt\n- create {NEW}"
    (attempt,) = done["attempts"]
    assert (attempt["outcome"], attempt["unusable_answer"]) == ("succeeded", None)
    assert not Path(attempt["workspace"]).exists()


def test_a_long_answer_is_read_whole(house: House, signs: Path) -> None:
    """Words are cut to what people read; a request may hold whole files."""
    content = "long" * 50_000
    (signs / "answer").write_text(json.dumps(request(create("long.txt", content))))
    done = ask(house, "cat $SIGNS/answer")
    assert done["state"] == "done", done
    assert house.repo.git("cat-file", "-s", "main:long.txt") == str(len(content))


def test_an_answer_that_is_wrong_is_mended(house: House, signs: Path) -> None:
    """What doesn't fit the repository is told as what is no JSON; the second answer lands."""
    drifted = request(modify("none.txt", content="x"))
    done = ask(house, saying(json.dumps(drifted), json.dumps(REQUEST)))
    assert done["state"] == "done", done
    assert turns(signs) == 2
    assert house.repo.git("show", "main:hello.txt") == "hello"
    told = house.cli("logs", str(done["id"]))
    assert 'it is asked again: operations[0].path: there is no file "none.txt" in the base' in told


def test_an_answer_that_stays_wrong_is_kept(house: House, signs: Path) -> None:
    """The task fails with the reason and says where the answer is; the log is there too."""
    failed = ask(house, saying("I can't.", '{"schema": "deputize.change/1", "operations": [}'))
    assert (failed["state"], turns(signs)) == ("failed", 2)
    assert failed["error"]["reason"] == "unusable_answer"
    assert "no valid JSON object: expecting value at line 1" in failed["error"]["message"]
    (attempt,) = failed["attempts"]
    kept = Path(attempt["unusable_answer"])
    assert kept.read_text() == '{"schema": "deputize.change/1", "operations": [}'
    assert str(kept) in house.cli("show", str(failed["id"]))
    assert f"its answer is kept in {kept}" in house.cli("logs", str(failed["id"]))
    assert failed["change"] is None
    assert not Path(attempt["workspace"]).exists()


def test_an_agent_may_find_that_nothing_has_to_change(house: House, signs: Path) -> None:
    """It is not pressed for a change, and its words are those of the end."""
    failed = ask(house, saying(json.dumps(request(title="It is right already."))))
    assert (failed["error"]["reason"], turns(signs)) == ("no_change", 1)
    assert failed["error"]["message"].endswith("it said: It is right already.")


HOSTILE = (
    create("../escaped", "x"),
    create("/escaped", "x"),
    create(".git/hooks/post-checkout", "#!/bin/sh\n"),
    create(".GIT\u200d/hooks/post-checkout", "#!/bin/sh\n"),
    create("way/escaped", "x"),
    modify("way", content="/etc"),
    create("link", "/etc/passwd", mode="120000"),
    create(".gitmodules", "[submodule]\n"),
    {**modify("a.txt"), "patch": "--- a/a.txt\n+++ b/../escaped\n@@ -1 +1 @@\n-a\n+b\n"},
)


def test_hostile_answers_leave_nothing_anywhere(house: House, signs: Path) -> None:
    """Out of the repository, into git's own folder, through a link: refused, and no trace of it."""
    outside = house.folder / "outside"
    outside.mkdir()
    house.repo.write("a.txt", "a\n")
    (house.repo.path / "way").symlink_to(outside)
    house.repo.commit()
    head, listing = house.repo.head(), house.repo.git("status", "--porcelain", "--ignored")
    answers = [json.dumps(request(create("fine.txt", "x"), each)) for each in HOSTILE]
    house.up()
    for answer in answers:
        (signs / "turns").unlink(missing_ok=True)
        failed = house.until(house.add(saying(answer, answer), "--output", "change-request"))
        assert failed["error"]["reason"] == "unusable_answer", (answer, failed)
        assert "operations[1]" in failed["error"]["message"]
    assert house.repo.head() == head
    assert house.repo.git("status", "--porcelain", "--ignored") == listing
    assert list(outside.iterdir()) == []
    assert not [*house.folder.rglob("escaped"), *house.folder.rglob("post-checkout")]
    blob = house.repo.git("hash-object", "--stdin", stdin=b"#!/bin/sh\n")
    objects = f"objects/{blob[:2]}/{blob[2:]}"
    assert not [*house.folder.rglob(objects)]


def test_who_is_to_answer_may_not_edit(house: House, signs: Path) -> None:
    """An agent that can't be held back beforehand is found out by the tree."""
    denied = ask(house, "echo x > sneaked.txt\n" + saying(json.dumps(REQUEST)))
    assert denied["error"]["reason"] == "policy_denied"
    assert "changed files itself" in denied["error"]["message"]
    assert turns(signs) == 1
    assert "hello.txt" not in house.repo.git("ls-tree", "--name-only", "main")


@pytest.mark.usefixtures("signs")
def test_a_file_that_nobody_tracks_is_no_place(house: House) -> None:
    """What was there before is not overwritten: it is told, and can be mended."""
    first, second = request(create("own.log", "x")), request(create("other.log", "x"))
    house.repo.write(
        "deputize.toml", "[workspace]\nsetup = [{ command = 'echo mine > own.log' }]\n"
    )
    house.repo.commit()
    house.trust()
    done = ask(house, saying(json.dumps(first), json.dumps(second)))
    assert done["state"] == "done", done
    assert "'own.log' is there already" in house.cli("logs", str(done["id"]))
    assert house.repo.git("show", "main:other.log") == "x"


@pytest.mark.usefixtures("signs")
def test_settings_say_what_an_agent_delivers(house: House) -> None:
    """A task may say otherwise; who changes nothing answers in words, as ever."""
    set_up(house, 'delivers = "change-request"')
    house.up()
    done = house.until(house.add(saying(json.dumps(REQUEST))))
    assert (done["state"], done["output"]) == ("done", None), done
    edited = house.until(house.add("echo x > x.txt", "--output", "files"))
    assert edited["state"] == "done", edited
    words = house.until(house.add("echo words", "--role", "inspector"))
    assert (words["state"], words["result"]) == ("done", "words")
    refused = house.say("add", "--scratch", "x")
    assert refused.code == 2
    assert "agent shell answers with change requests, which need a worktree" in refused.err


def test_what_can_not_be_carried_out_is_refused_when_it_is_added(house: House) -> None:
    """In a checkout of the person's, in an empty folder, and by a role that changes nothing."""
    for words in (["--in-place"], ["--scratch"], ["--read-only"], ["--role", "inspector"]):
        refused = house.say("add", "x", "--output", "change-request", *words)
        assert refused.code == 2, words
        assert "output" in refused.err or "no change to request" in refused.err


WRITES = (WriteFile(path="sneaked.txt", content="x\n"),)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    """Try to write, answer in words, and with a request once it is told that this won't do."""
    scenes = (
        Scene(
            name="mended",
            contains="Your answer can't be used",
            turns=(Turn(say=f"Sorry:\n\n```json\n{json.dumps(REQUEST)}\n```"),),
        ),
        Scene(
            name="first",
            contains="Greet the world",
            turns=(Turn(steps=WRITES), Turn(say="I have written the file.")),
        ),
    )
    with ScriptedModel(Script(scenes=scenes)) as served:
        yield served


@pytest.mark.parametrize("level", ["auto", "off"])
def test_copilot_answers_with_a_change_request(
    copilot: House, model: ScriptedModel, level: str
) -> None:
    """The real runtime may not write; it is told in its own session what is wrong, and mends it.

    Also where it serves others at the same time.
    """
    copilot.configure_more(f"[sandbox]\nlevel = '{level}'")
    copilot.up()
    words = ("--agent", "copilot", "--output", "change-request", "Greet the world")
    task = int(copilot.cli("add", "-q", "--no-start", *words))
    done = copilot.until(task)
    assert done["state"] == "done", done
    assert copilot.repo.git("show", "main:hello.txt") == "hello"
    assert "sneaked.txt" not in copilot.repo.git("ls-tree", "--name-only", "main")
    (attempt,) = done["attempts"]
    assert [use["denied_count"] for use in attempt["tools"]] == [1]
    (first, *_), (mended,) = (
        [each for each in model.requests if each.scene == name] for name in ("first", "mended")
    )
    assert "deputize.change/1" in first.prompt
    assert "Greet the world" not in mended.prompt
    assert 'the answer holds no JSON object: "I have written the file."' in mended.prompt


@pytest.mark.real
def test_codex_answers_with_a_change_request(
    house: House, model: ScriptedModel, codex_program: Path
) -> None:
    """The real Codex can't write in its own sandbox, and mends its answer in its thread."""
    let_codex_work(house, model, codex_program)
    house.up()
    words = ("--agent", "codex", "--output", "change-request", "Greet the world")
    done = house.until(int(house.cli("add", "-q", "--no-start", *words)))
    assert done["state"] == "done", done
    assert house.repo.git("show", "main:hello.txt") == "hello"
    assert "sneaked.txt" not in house.repo.git("ls-tree", "--name-only", "main")
