"""Every error deputize raises, as one tree.

DeputizeError                 one lower-case line for people, a hint with the next step
├─ UserError                  what was asked can't be done as asked (unknown id, bad input)
│  ├─ NotFound                there is nothing under that id or name
│  ├─ InvalidInput            an argument, file or field is wrong; says which, and what is right
│  └─ IllegalMove             the thing is in a state that does not allow the verb
├─ ConfigError                a configuration file or variable is wrong; names file and key
├─ Denied                     policy, a person, or a missing right says no
├─ StoreError                 the database can't serve the request
│  ├─ StoreUnavailable        locked, unreachable, full or read-only right now
│  ├─ StoreCorrupt            the file is damaged or isn't a deputize database
│  └─ StoreTooNew             the database was written by a newer deputize
├─ NotYet                     the answer does not exist yet
├─ GitError                   a git command failed; carries its arguments, exit code and last words
├─ ProcessError               a program could not be started, or could not be ended
├─ AgentError                 an agent could not be run; carries the outcome it amounts to
└─ LeaseLost                  the lease is gone: stop, write nothing

What an agent or a check *did* is a value (`Outcome`, `Verdict`), not an exception. Exceptions are
for surprises. Errors of foreign libraries are translated once, in the room that owns the library.
"""

from __future__ import annotations

from typing import ClassVar


class DeputizeError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "error"
    recoverable: bool = False
    """The same call may succeed later though nobody changes anything."""

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        """Keep `message` (default: the class's first docstring line) and the `hint` for people."""
        text = message or (self.__doc__ or "something went wrong").splitlines()[0]
        super().__init__(text)
        self.message = text
        self.hint = hint

    def within(self, place: str) -> None:
        """Name the place where it went wrong in front of what did."""
        self.message = f"{place}: {self.message}"
        self.args = (self.message,)


class UserError(DeputizeError):
    """What was asked can't be done as asked."""

    code = "usage"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, field: str | None = None
    ) -> None:
        """Keep the name of the `field` of a task that is wrong, where it is one."""
        super().__init__(message, hint=hint)
        self.field = field


class NotFound(UserError):
    """There is nothing under that id or name."""

    code = "not_found"


class InvalidInput(UserError):
    """An argument, file or field is wrong."""

    code = "invalid_input"


class IllegalMove(UserError):
    """The state it is in does not allow that."""

    code = "illegal_move"


class ConfigError(DeputizeError):
    """The configuration is wrong."""

    code = "config"


class Denied(DeputizeError):
    """That is not allowed."""

    code = "denied"


class StoreError(DeputizeError):
    """The database can't serve the request."""

    code = "store"


class StoreUnavailable(StoreError):
    """The database is not available right now."""

    code = "store_unavailable"
    recoverable = True


class StoreCorrupt(StoreError):
    """The database file is damaged, or isn't a deputize database."""

    code = "store_corrupt"


class StoreTooNew(StoreError):
    """The database was written by a newer deputize."""

    code = "store_too_new"


class NotYet(DeputizeError):
    """The answer does not exist yet."""

    code = "not_yet"
    recoverable = True


class GitError(DeputizeError):
    """A git command failed."""

    code = "git"

    def __init__(
        self, argv: tuple[str, ...], exit_code: int, stderr: str, *, hint: str | None = None
    ) -> None:
        """Keep what was run (`argv` without leading options), how it ended, its last words."""
        last = stderr.strip().splitlines()[-1] if stderr.strip() else "no message"
        super().__init__(f"git {argv[0] if argv else ''} failed ({exit_code}): {last}", hint=hint)
        self.argv = argv
        self.exit_code = exit_code
        self.stderr = stderr


class ProcessError(DeputizeError):
    """A program could not be started, or could not be ended."""

    code = "process"


class AgentError(DeputizeError):
    """An agent could not be run."""

    code = "agent"

    def __init__(
        self, outcome: str, message: str, *, hint: str | None = None, recoverable: bool = False
    ) -> None:
        """Keep the `outcome` (a value of `model.outcome.Outcome`) that this amounts to."""
        super().__init__(message, hint=hint)
        self.outcome = outcome
        self.recoverable = recoverable


class LeaseLost(DeputizeError):
    """The lease is gone: somebody else may hold the right by now."""

    code = "lease_lost"
