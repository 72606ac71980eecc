"""The demo's story: three tasks for the scratch project, and the script that carries them out.

The first two change the same file in different places; the third needs the first. The project's
test is red until the fix has landed, so the script lets the fix be done before the feature is.
"""

from __future__ import annotations

from dataclasses import dataclass

from deputize.demo.model.script import EditFile, RunShell, Scene, Script, Step, Turn, WriteFile

PACE_SECONDS = 0.4
"""How long the model seems to think before an answer of the fix; the feature takes longer."""
FEATURE_PACES = 2
WORD_SECONDS = 0.02

SPLIT_FILE = "billsplit/split.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryTask:
    """A task of the demo; `needs` are names of other tasks of it."""

    name: str
    title: str
    prompt: str
    needs: tuple[str, ...] = ()


FIX = StoryTask(
    name="fix",
    title="Fix the lost cents",
    prompt=(
        "The test test_no_cent_is_lost fails: split_evenly in billsplit/split.py loses the"
        " remaining cents. Fix it, so that the shares add up to the total."
    ),
)
FEATURE = StoryTask(
    name="feature",
    title="Split by weight",
    prompt=(
        "Add split_by_weight(total, weights) to billsplit/split.py, for people who had more or"
        " less than the others, with tests of its own in tests/test_weights.py."
    ),
)
COMMAND = StoryTask(
    name="command",
    title="Add a command line",
    prompt=(
        "Make python3 -m billsplit AMOUNT PEOPLE print what each person pays, using split_evenly,"
        " test it in tests/test_command.py, and describe it in README.md."
    ),
    needs=("fix",),
)
TASKS = (FIX, FEATURE, COMMAND)
"""In the order in which the demo queues them."""

FIXED = """\
    share, rest = divmod(total, people)
    return [share + 1] * rest + [share] * (people - rest)
"""

LAST_LINE = """\
    return f"{cents // 100}.{cents % 100:02d}"
"""

BY_WEIGHT = (
    LAST_LINE
    + '''

def split_by_weight(total, weights):
    """Return what each person pays, in proportion to the weights."""
    shares = [total * weight // sum(weights) for weight in weights]
    for place in range(total - sum(shares)):
        shares[place] += 1
    return shares
'''
)

TEST_WEIGHTS = """\
import unittest

from billsplit.split import split_by_weight


class WeightsTest(unittest.TestCase):
    def test_who_had_twice_as_much_pays_twice_as_much(self):
        self.assertEqual(split_by_weight(900, [2, 1]), [600, 300])

    def test_no_cent_is_lost(self):
        self.assertEqual(sum(split_by_weight(1000, [1, 1, 1])), 1000)
"""

MAIN = '''\
"""Print what each person pays: python3 -m billsplit AMOUNT PEOPLE."""

import sys

from billsplit.split import split_evenly, written


def main(amount, people):
    """Print one line per person."""
    for share in split_evenly(round(float(amount) * 100), int(people)):
        print(written(share))


if __name__ == "__main__":
    main(*sys.argv[1:3])
'''

TEST_COMMAND = """\
import subprocess
import sys
import unittest


class CommandTest(unittest.TestCase):
    def test_it_prints_a_share_for_each_person(self):
        command = [sys.executable, "-m", "billsplit", "10.00", "3"]
        output = subprocess.check_output(command, text=True)
        self.assertEqual(output.split(), ["3.34", "3.33", "3.33"])
"""

README_BEFORE = "split_evenly(900, 3)  # [300, 300, 300]\n```\n"
README_AFTER = (
    README_BEFORE
    + """
On the command line, for 10.00 and three people:

```
$ python3 -m billsplit 10.00 3
3.34
3.33
3.33
```
"""
)

FIX_STEPS: tuple[Step, ...] = (
    RunShell(command="python3 -m unittest 2>&1 | tail -n 12"),
    EditFile(
        path=SPLIT_FILE,
        old="    share = total // people\n    return [share] * people\n",
        new=FIXED,
    ),
    RunShell(command="python3 -m unittest"),
)
FEATURE_STEPS: tuple[Step, ...] = (
    EditFile(path=SPLIT_FILE, old=LAST_LINE, new=BY_WEIGHT),
    WriteFile(path="tests/test_weights.py", content=TEST_WEIGHTS),
    RunShell(command="python3 -m unittest tests.test_weights"),
)
COMMAND_STEPS: tuple[Step, ...] = (
    WriteFile(path="billsplit/__main__.py", content=MAIN),
    WriteFile(path="tests/test_command.py", content=TEST_COMMAND),
    EditFile(path="README.md", old=README_BEFORE, new=README_AFTER),
    RunShell(command="python3 -m unittest && python3 -m billsplit 10.00 3"),
)


def story_script(pace_seconds: float = PACE_SECONDS) -> Script:
    """Return the script that does the three tasks, thinking `pace_seconds` before each answer."""
    return Script(
        scenes=(
            _scene(
                COMMAND,
                COMMAND_STEPS,
                "`python3 -m billsplit 10.00 3` now prints each share; it is tested and described.",
                pace_seconds,
            ),
            _scene(
                FEATURE,
                FEATURE_STEPS,
                "I added split_by_weight, which hands the remaining cents to the first people.",
                pace_seconds * FEATURE_PACES,
            ),
            _scene(
                FIX,
                FIX_STEPS,
                "split_evenly gives the remaining cents to the first people; the tests pass.",
                pace_seconds,
            ),
            Scene(
                name="anything else",
                turns=(Turn(say="I am a script and know only the three tasks of the demo."),),
            ),
        )
    )


def _scene(task: StoryTask, steps: tuple[Step, ...], last_words: str, pace_seconds: float) -> Scene:
    turns = [Turn(steps=(step,), delay_seconds=pace_seconds) for step in steps]
    turns.append(Turn(say=last_words, delay_seconds=pace_seconds, word_seconds=WORD_SECONDS))
    return Scene(name=task.name, contains=task.prompt, turns=tuple(turns))
