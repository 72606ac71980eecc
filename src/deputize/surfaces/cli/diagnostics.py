"""Errors become exit codes here, and nowhere else.

  0  it worked
  1  the task or the check failed, or git, an agent or a program did
  2  usage: unknown id, bad input
  3  configuration
  4  denied by policy, or a missing right
  5  the store is unavailable
 70  a mistake in deputize itself (EX_SOFTWARE of sysexits.h)
 75  try again later (EX_TEMPFAIL)
130  Ctrl-C
141  nobody reads the output any more, as if SIGPIPE had ended it
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from deputize.errors import (
    ConfigError,
    Denied,
    DeputizeError,
    NotYet,
    StoreError,
    UserError,
)

if TYPE_CHECKING:
    from deputize.surfaces.cli.output import Output

FAILED = 1
USAGE = 2
CONFIG = 3
DENIED = 4
STORE = 5
MISTAKE = 70
LATER = 75
INTERRUPTED = 130
NOBODY_READS = 141

_CODES: tuple[tuple[type[DeputizeError], int], ...] = (
    (UserError, USAGE),
    (ConfigError, CONFIG),
    (Denied, DENIED),
    (StoreError, STORE),
    (NotYet, LATER),
)
REPORT_FILE = "mistakes.log"


def exit_code_of(error: BaseException) -> int:
    """Return the exit code that an error means."""
    if isinstance(error, DeputizeError):
        return next((code for kind, code in _CODES if isinstance(error, kind)), FAILED)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    return NOBODY_READS if isinstance(error, BrokenPipeError) else MISTAKE


def report(error: BaseException, output: Output, *, json: bool) -> int:
    """Tell a person, or a program, what went wrong; return the exit code."""
    code = exit_code_of(error)
    told = code in {INTERRUPTED, NOBODY_READS} or isinstance(error, SystemExit)
    if not told:
        with suppress(OSError):
            tell(error, output, json=json)
    _close_quietly()
    return code


def tell(error: BaseException, output: Output, *, json: bool) -> None:
    """Print an error and its hint, or both as JSON."""
    message, hint, name = _words_of(error, output)
    if json:
        output.error_document({"error": {"code": name, "message": message, "hint": hint}})
    else:
        output.error(message, hint)


def _words_of(error: BaseException, output: Output) -> tuple[str, str | None, str]:
    if isinstance(error, DeputizeError):
        return error.message, error.hint, error.code
    kept = _keep_traceback(error, output)
    hint = (
        f"the traceback is at the end of {kept}"
        if kept
        else "DEPUTIZE_LOG=debug shows the traceback"
    )
    return f"deputize made a mistake: {type(error).__name__}: {error}", hint, "mistake"


def _keep_traceback(error: BaseException, output: Output) -> str | None:
    """Write the traceback to the log folder of the home, redacted; show it only if asked to."""
    import traceback

    from deputize.config.home import ensure, find_home
    from deputize.redaction import redacted

    text = redacted("".join(traceback.format_exception(error)))
    if os.environ.get("DEPUTIZE_LOG") == "debug":
        output.narrate(text)
    home = find_home()
    file = home.logs / REPORT_FILE
    try:
        ensure(home.path)
        ensure(home.logs)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as log:
            log.write(text + "\n")
    except (OSError, StoreError):
        return None
    return str(file)


def _close_quietly() -> None:
    """Let go of stdout, so that the interpreter does not complain of it at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
