"""Which turn of which scene is next: read off the conversation, so that it survives restarts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from deputize.demo.model.script import Fault, Scene, Script, Step, Turn

if TYPE_CHECKING:
    from deputize.demo.model.conversation import Conversation

SIDE_ANSWER = "Scripted model"
"""The answer to a request that offers no tools: agents ask like that for a title."""

LAST_WORDS = "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What to play: which turn, the steps of it that are left, and the fault that comes first."""

    turn: Turn
    scene: str | None = None
    turn_index: int | None = None
    steps: tuple[Step, ...] = ()
    fault: Fault | None = None


class Director:
    """Follows a script; remembers nothing but how often a fault has been played."""

    def __init__(self, script: Script) -> None:
        """Follow `script`."""
        self._script = script
        self._lock = Lock()
        self._played: Counter[tuple[str, int]] = Counter()

    def cue(self, conversation: Conversation) -> Cue:
        """Return what to play next; a fault that is limited to some times is used up by this."""
        if not conversation.tools and not self._script.without_tools:
            return Cue(turn=Turn(say=SIDE_ANSWER))
        scene, result_count = self._scene(conversation)
        if scene is None:
            return Cue(turn=Turn(say=LAST_WORDS))
        index, steps = _place(scene, result_count)
        turn = scene.turns[index] if index < len(scene.turns) else Turn(say=LAST_WORDS)
        fault = self._fault(scene, index, turn)
        return Cue(scene=scene.name, turn_index=index, turn=turn, steps=steps, fault=fault)

    def _scene(self, conversation: Conversation) -> tuple[Scene | None, int]:
        """Return the scene of the newest prompt that has one, and the tool results since then.

        Prompts without a scene, such as "continue", go on with the scene before them.
        """
        result_count = 0
        for turn in reversed(conversation.turns):
            result_count += turn.result_count
            for scene in self._script.scenes:
                if scene.contains and scene.contains in turn.text:
                    return scene, result_count
        default = next((scene for scene in self._script.scenes if not scene.contains), None)
        return default, conversation.turns[-1].result_count if conversation.turns else 0

    def _fault(self, scene: Scene, index: int, turn: Turn) -> Fault | None:
        fault = turn.fault
        if fault is None or fault.times is None:
            return fault
        with self._lock:
            self._played[scene.name, index] += 1
            return fault if self._played[scene.name, index] <= fault.times else None


def _place(scene: Scene, result_count: int) -> tuple[int, tuple[Step, ...]]:
    """Return the index of the turn after `result_count` results, and its steps that are left.

    An index past the end stands for a scene that has been played.
    """
    for index, turn in enumerate(scene.turns):
        if not turn.steps or result_count < len(turn.steps):
            return index, turn.steps[result_count:]
        result_count -= len(turn.steps)
    return len(scene.turns), ()
