"""Queue a task: an agent does it in a workspace of its own, and its change lands once checked.

The task is stored before this returns; a worker starts by itself where none runs. It belongs to
the git repository above the current folder and starts from the tip of the branch checked out there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from deputize.surfaces.cli.arguments import (
    add_format,
    dollars,
    future,
    needs,
    seconds,
    whole_number,
)
from deputize.surfaces.cli.submissions import note_uncommitted, warn_of_trust

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from argparse import _ArgumentGroup as Group

    from deputize.desk.context import Desk
    from deputize.errors import ProcessError
    from deputize.model.task import Submitted, Task, TaskSpec
    from deputize.surfaces.cli.output import Output

EXAMPLES = """
  deputize add "Fix the typo in README.md"
  deputize add "Add a test for the parser" --check tests --wait
  deputize add "Then document it" --after 12
  deputize add "Make the parser faster" --race copilot,codex:gpt-5 --judge smallest
  deputize add "Say how it went" --role inspector --after 12:end,13:end
  deputize add "Find out why startup is slow" --role inspector
  git diff | deputize add --role inspector --title "Review my work" -
"""
_PLACES = {
    "in_place": "edit this checkout; commit nothing",
    "read_only": "look, change nothing",
    "scratch": "in an empty folder, with no repository",
}


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what `add` takes."""
    what = add_arguments_of_a_task(parser)
    what.add_argument("--session", metavar="S", help="go on in this session of its agent")


def add_arguments_of_a_task(parser: ArgumentParser) -> Group:
    """Declare everything about a task but its session; return the group that this belongs to."""
    add = parser.add_argument
    add("prompt", metavar="PROMPT", nargs="*", help="what is to be done, in quotes; - reads stdin")
    add("-F", "--file", metavar="FILE", help="read the prompt from a file")
    add("-q", "--quiet", action="store_true", help="print only the number of the task")
    add("--wait", action="store_true", help="wait for its end; exit 1 if it fails")
    add("--no-start", action="store_true", help="start no worker")
    add_format(parser)
    what = parser.add_argument_group("what")
    _add_task(what)
    _add_limits(parser.add_argument_group("when, and how long"))
    _add_place(parser.add_argument_group("where"))
    return what


def _add_task(group: Group) -> None:
    add = group.add_argument
    add("--title", help="one line for lists (default: the first line of the prompt)")
    add("--role", default="writer", help="writer (default), inspector, tester, or one of yours")
    add("--kind", help="feature, bugfix, refactor or docs")
    add("--agent", help="who does it; `deputize agents` lists them")
    add("--race", metavar="A,B[:M]", help="give it to several agents, with models; one lands")
    add("--judge", metavar="HOW", help="checks (default), smallest, agent, or agent:NAME[:MODEL]")
    add("--model", help="the model that the agent uses")
    add("--output", choices=("files", "change-request"), help="edit files, or answer with changes")
    add("--provider", help="where the model is served: a name from your settings")
    add("--label", action="append", metavar="L", help="a word to find and limit it by; repeatable")
    add("--key", help="add only once: the same key again gives the same task")


def _add_limits(group: Group) -> None:
    add = group.add_argument
    add("--priority", type=whole_number, metavar="N", default=5, help="1 critical … 10 background")
    add(
        "--after",
        action="append",
        type=needs,
        metavar="ID[:ON][,…]",
        help="when these are done; ON: done, end (however it ends), landed",
    )
    add("--not-before", type=future, metavar="WHEN", help="RFC 3339, or 10m, 2h from now")
    add("--lock", metavar="KEY", help="one at a time of all tasks with this key")
    add("--hold", action="store_true", help="don't start until `deputize release`")
    add("--timeout", type=seconds, metavar="SPAN", help="of one attempt (default: 1h)")
    add("--idle-timeout", type=seconds, metavar="SPAN", help="longest silence (default: 15m)")
    add("--attempts", type=whole_number, metavar="N", help="tries, the agent's failures included")
    add("--budget-tokens", type=whole_number, metavar="N", help="of all its attempts together")
    add("--budget-usd", type=dollars, metavar="USD", help="the same in dollars, such as 2.50")


def _add_place(group: Group) -> None:
    add = group.add_argument
    add("--repo", metavar="PATH", help="the repository (default: the one above this folder)")
    add("--target", metavar="BRANCH", help="where to land (default: the branch checked out)")
    add("--base", metavar="COMMIT", help="where to start (default: the target's tip)")
    add("--scope", action="append", metavar="PATH", help="change nothing outside; repeatable")
    add("--command", action="append", metavar="WORDS", help="run only such commands; repeatable")
    add("--check", action="append", metavar="NAME", help="a check to pass; repeatable")
    one = group.add_mutually_exclusive_group().add_argument
    for word, meaning in _PLACES.items():
        option = "--" + word.replace("_", "-")
        one(option, dest="place", action="store_const", const=word, help=meaning)


def run(arguments: Namespace, output: Output) -> int:
    """Queue the task; with `--wait`, return 1 where it doesn't end as done."""
    from deputize.desk.adding import add
    from deputize.desk.context import open_desk
    from deputize.desk.uncommitted import finish_count, start_count

    output.quiet = arguments.quiet
    _require_race(arguments)
    spec = spec_of(arguments)
    if arguments.race is not None:
        from deputize.surfaces.cli.racing import run_race

        return run_race(arguments, output, spec)
    count = start_count(spec)
    try:
        with open_desk() as desk:
            submitted = add(desk, spec)
            output.stored = _as_stored(submitted.task)
            if not (arguments.wait and output.json):
                _print(desk, submitted, output)
            problem = None if arguments.no_start else _start(desk, submitted, output)
            _warn(submitted, output, problem)
            note_uncommitted(output, finish_count(count), "the task starts")
            count = None
            return _wait(desk, submitted, output) if arguments.wait else 0
    finally:
        finish_count(count, patience_seconds=0)


def _require_race(arguments: Namespace) -> None:
    from deputize.errors import InvalidInput

    if arguments.judge is not None and arguments.race is None:
        hint = "name the agents, such as `--race copilot,codex`"
        raise InvalidInput("--judge judges a race, and there is none", hint=hint)


def spec_of(arguments: Namespace) -> TaskSpec:
    """Make a specification of the arguments; InvalidInput where the prompt is none."""
    from deputize.model.task import IDLE_TIMEOUT_SECONDS, TIMEOUT_SECONDS, Output, Place, TaskSpec
    from deputize.surfaces.cli.prompts import read_prompt

    place = Place(arguments.place or Place.WORKTREE)
    output = Output(arguments.output) if arguments.output else None
    return TaskSpec(
        prompt=read_prompt(arguments.prompt, arguments.file),
        title=arguments.title,
        role=arguments.role,
        kind=arguments.kind,
        priority=arguments.priority,
        repo=arguments.repo if place is Place.SCRATCH else _repo(arguments.repo),
        place=place,
        base=arguments.base,
        target=arguments.target,
        scope=tuple(arguments.scope or ()),
        commands=tuple(arguments.command or ()),
        agent=arguments.agent,
        model=arguments.model,
        provider=arguments.provider,
        needs=tuple(need for group in arguments.after or () for need in group),
        checks=tuple(arguments.check or ()),
        timeout_seconds=arguments.timeout or TIMEOUT_SECONDS,
        idle_timeout_seconds=arguments.idle_timeout or IDLE_TIMEOUT_SECONDS,
        attempts=arguments.attempts,
        not_before=arguments.not_before,
        key=arguments.key,
        session=arguments.session,
        held=arguments.hold,
        labels=tuple(dict.fromkeys(arguments.label or ())),
        lock=arguments.lock,
        budget_tokens=arguments.budget_tokens,
        budget_usd=arguments.budget_usd,
        output=output,
    )


def _repo(named: str | None) -> str:
    from deputize.errors import InvalidInput

    try:
        return os.path.abspath(named or os.curdir)  # noqa: PTH100 - the same key, the same text
    except FileNotFoundError as error:
        hint = "cd to a folder that exists, or name the repository with --repo"
        raise InvalidInput("this folder is no longer there", hint=hint) from error


def _start(desk: Desk, submitted: Submitted, output: Output) -> ProcessError | None:
    """Start a worker where one is wanted and none could take the task, which is stored anyhow.

    Nothing is handed over before: where nobody reads the output, the worker is still started.
    """
    from deputize.config.load import load_config
    from deputize.desk.stations import ensure_worker
    from deputize.errors import ProcessError

    if submitted.task.is_final or not load_config(desk.home.config).worker.autostart:
        return None
    try:
        started = ensure_worker(desk, submitted.task)
    except ProcessError as error:
        return error
    if started:
        output.note("a worker was started in the background")
    return None


def _as_stored(task: Task) -> str:
    return f"#{task.id} is {task.state}"


def _print(desk: Desk, submitted: Submitted, output: Output) -> None:
    task = submitted.task
    if output.json:
        from deputize.desk.documents import task_document
        from deputize.desk.tasks import view

        output.document(task_document(view(desk, task.id)))
    elif output.quiet:
        output.text(str(task.id))
    else:
        from deputize.surfaces.cli.task_lines import headline

        output.text(*headline(task))


def _warn(submitted: Submitted, output: Output, problem: ProcessError | None) -> None:
    if problem:
        output.warn(problem.message, problem.hint)
    warn_of_trust(output, untrusted=submitted.untrusted)
    if not submitted.created:
        output.note("this key was used before: it is the same task")


def _wait(desk: Desk, submitted: Submitted, output: Output) -> int:
    import gc

    from deputize.desk.tasks import wait
    from deputize.surfaces.cli.endings import exit_code_of, print_ending

    gc.enable()
    (task,) = wait(desk, [submitted.task.id])
    output.stored = _as_stored(task)
    if output.json:
        _print(desk, submitted, output)
    else:
        print_ending(task, output)
    return exit_code_of([task])
