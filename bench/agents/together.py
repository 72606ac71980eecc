"""Ten tasks in four slots, beside ten runs of `copilot -p` one after another."""

from __future__ import annotations

import subprocess
import time

from bench.agents.stage import Stage, notes, program, prompt, stage
from bench.verdict import at_most, note
from deputize.demo.model import MODEL_NAME

TASKS = 10
SLOTS = 4
SLOW_SECONDS = 2.0
BAR_QUICK, BAR_SLOW = 0.333, 0.35


def measure(name: str = "agents-together", more: str = "") -> list[bool]:
    """Measure and print; says of each bar whether it is met."""
    return [
        _beside(f"{name}-quick", 0.0, BAR_QUICK, more),
        _beside(f"{name}-2s", SLOW_SECONDS, BAR_SLOW, more),
    ]


def _beside(name: str, delay_seconds: float, bar: float, more: str) -> bool:
    with stage(notes(delay_seconds), slots=SLOTS, more=more) as built:
        _ours(built, range(SLOTS))
        _alone(built, 0)
        # Ours in the middle: a machine that gets busier is busier for both.
        alone = sum(_alone(built, number) for number in range(1, TASKS // 2 + 1))
        ours = _ours(built, range(SLOTS, SLOTS + TASKS))
        alone += sum(_alone(built, number) for number in range(TASKS // 2 + 1, TASKS + 1))
    note(f"{name}: {TASKS} tasks {ours:.2f} s, one after another by `copilot -p` {alone:.2f} s")
    return at_most(name, ours / alone, bar, "x")


def _ours(built: Stage, numbers: range) -> float:
    """Return the seconds until the last agent has ended and its work is saved."""
    asked = [{"prompt": prompt(number)} for number in numbers]
    plan = {"defaults": {"repo": str(built.house.repo)}, "tasks": asked}
    tasks = [each.task for each in built.client.submit_plan(plan).tasks]
    built.client.wait_all([task.id for task in tasks], timeout=120)
    return max(map(built.attempt_seconds, tasks))


def _alone(built: Stage, number: int) -> float:
    """Return the seconds that one run of the program takes."""
    folder = built.house.folder / "alone" / str(number)
    folder.mkdir(parents=True)
    asked = f"{prompt(number)} The folder is {folder}."
    began = time.perf_counter()
    subprocess.run(
        (str(program()), "-p", asked, "--allow-all-tools", "--output-format", "json"),
        cwd=folder,
        env={
            **built.house.environment,
            "COPILOT_OFFLINE": "true",
            "COPILOT_PROVIDER_BASE_URL": built.model.openai_url,
            "COPILOT_PROVIDER_API_KEY": "dummy",
            "COPILOT_MODEL": MODEL_NAME,
            "COPILOT_AUTO_UPDATE": "false",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    assert any(folder.iterdir())
    return seconds
