"""The demo: the main job from end to end, in a scratch folder, told as it happens."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deputize.audit.rendering import as_markdown
from deputize.audit.trail import records
from deputize.demo.cast import SCRIPTED, real_player, scripted_player
from deputize.demo.crew import Crew
from deputize.demo.facts import facts, markers_of, nothing_runs
from deputize.demo.interruption import endings_raise
from deputize.demo.narrator import Narrator
from deputize.demo.stage import BRANCH, TEST_COMMAND, open_stage, run_tests, tip, write_settings
from deputize.demo.story import TASKS
from deputize.demo.watch import Watch
from deputize.desk import answers
from deputize.desk.adding import add
from deputize.desk.context import open_desk
from deputize.errors import DeputizeError, InvalidInput
from deputize.model.need import Need
from deputize.model.task import TaskSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from deputize.demo.cast import Player
    from deputize.demo.facts import Fact
    from deputize.demo.stage import Stage, SuiteRun
    from deputize.demo.story import StoryTask
    from deputize.demo.voice import Voice
    from deputize.desk.context import Desk

OWN_PREFIX = "DEPUTIZE_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """All that the scenes of the demo have in common."""

    voice: Voice
    stage: Stage
    player: Player
    desk: Desk


def run_demo(
    voice: Voice, *, real: bool = False, keep: bool = False, agent: str | None = None
) -> None:
    """Run the demo; DeputizeError where any of it fails.

    The process is the demo's own from here on: its variables and signals are changed.
    """
    if agent and not real:
        raise InvalidInput("the scripted model plays with Copilot only", hint="add --real")
    with ExitStack() as stack:
        stack.enter_context(endings_raise())
        player = stack.enter_context(real_player(agent) if real else scripted_player())
        _forget_settings()
        stage = stack.enter_context(open_stage(voice, keep=keep))
        desk = stack.enter_context(open_desk(stage.home))
        _perform(Play(voice=voice, stage=stage, player=player, desk=desk))
    if keep:
        voice.say(f"look into it: DEPUTIZE_HOME={stage.home.path} {program_name()} list --all")
    _say_next(voice)


def _forget_settings() -> None:
    """Drop the user's settings from this process: the demo's home has its own."""
    for name in [name for name in os.environ if name.startswith(OWN_PREFIX)]:
        del os.environ[name]


def _perform(play: Play) -> None:
    _set_up(play)
    before = _show_tests(play, "Before: the project has a bug", "before")
    play.voice.title("Three tasks, and agents that do them")
    narrator = Narrator(play.voice, play.stage)
    ids = _queue(play, narrator)
    watch = _watch(play, narrator, ids)
    environment = play.stage.environment(play.player.environment)
    with Crew(play.stage, environment, lambda: markers_of(play.desk, ids)) as crew:
        watch.until_over(crew)
        crew.stop()
        left_count = crew.left_count
    _show_trail(play)
    after = _show_tests(play, "After: what is on the branch now", "after")
    found = [*facts(play.desk, play.stage, ids, before, after), nothing_runs(left_count)]
    _judge(play, found)


def _set_up(play: Play) -> None:
    voice, stage = play.voice, play.stage
    write_settings(stage, play.player.tables, play.player.agent)
    shown = answers.trust_view(play.desk, str(stage.repository))
    answers.trust(play.desk, shown)
    voice.title("The stage")
    told = (
        ("folder", f"{stage.folder}, and nothing outside of it"),
        ("repository", f"{stage.repository.name}/, branch {BRANCH} at {tip(stage)[:7]}"),
        ("home", f"{stage.home.path.name}/ is deputize's home for this; yours is not touched"),
        ("trusted", f"{', '.join(shown.commands)} (the demo itself wrote that)"),
        *zip(("agent", "", ""), play.player.about, strict=False),
    )
    for name, text in told:
        voice.say(f"  {name:<10}  {text}")


def _show_tests(play: Play, title: str, name: str) -> SuiteRun:
    play.voice.title(title)
    ran = run_tests(play.stage, name)
    play.voice.say(f"  $ {' '.join(TEST_COMMAND)}    # in a fresh clone, at {ran.commit[:7]}")
    for line in ran.told:
        play.voice.say(f"  {line}")
    return ran


def _queue(play: Play, narrator: Narrator) -> list[int]:
    """Queue the tasks of the story and return their numbers; nobody works on them yet."""
    known: dict[str, int] = {}
    for task in TASKS:
        began = time.perf_counter()
        added = add(play.desk, _spec(task, play, known)).task
        spent = (time.perf_counter() - began) * 1000
        known[task.name] = added.id
        needs = "".join(f", needs #{known[name]}" for name in task.needs)
        narrator.say(added.id, f"{task.title}: stored durably within {spent:.0f} ms{needs}")
    return list(known.values())


def _spec(task: StoryTask, play: Play, known: dict[str, int]) -> TaskSpec:
    return TaskSpec(
        prompt=task.prompt,
        title=task.title,
        repo=str(play.stage.repository),
        agent=play.player.agent,
        needs=tuple(Need(id=known[name]) for name in task.needs),
    )


def _watch(play: Play, narrator: Narrator, ids: Sequence[int]) -> Watch:
    names = dict(zip(ids, (task.name for task in TASKS), strict=True))
    return Watch(
        play.desk, narrator, play.stage, ids, lambda task_id: play.player.on_end(names[task_id])
    )


def _show_trail(play: Play) -> None:
    play.voice.title("The audit trail")
    for line in as_markdown(records(play.desk.database)).splitlines():
        play.voice.say(f"  {line}".rstrip())


def _judge(play: Play, found: Sequence[Fact]) -> None:
    """Say what came of it; DeputizeError where something is not as it must be."""
    play.voice.title("What came of it")
    for fact in found:
        play.voice.say(f"  {'ok    ' if fact.holds else 'FAILED'}  {fact.text}")
    if SCRIPTED in play.player.about:
        play.voice.say(f"  {SCRIPTED}.")
    failed = [fact.text for fact in found if not fact.holds]
    if failed:
        hint = f"the logs are in {play.stage.home.logs}"
        raise DeputizeError(f"the demo failed: {'; '.join(failed)}", hint=hint)


def _say_next(voice: Voice) -> None:
    name = program_name()
    voice.title("Next, in a repository of your own")
    voice.say(f'  {name} add "Fix the typo in README.md"')
    voice.say(f"  {name} status")
    voice.say(f"  {name} diff --latest")


def program_name() -> str:
    """Return what a person types to start this program again."""
    program = Path(sys.argv[0])
    if program.name != "deputize":
        return f"{sys.executable} -m deputize"
    on_path = shutil.which("deputize")
    is_ours = on_path is not None and Path(on_path).resolve() == program.resolve()
    return "deputize" if is_ours else str(program.absolute())
