"""Questions of trust that are moot: about commands that the target's tip no longer asks for.

Who asked goes on once its question is withdrawn, and asks anew where the tip asks for others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from deputize.config.load import INCLUDE_FILE, REPOSITORY_FILE
from deputize.config.trust import read_wishes
from deputize.errors import ConfigError, GitError, IllegalMove, InvalidInput
from deputize.git.locate import read_blobs
from deputize.git.refs import read_ref
from deputize.model.approval import ApprovalState, Subject
from deputize.store import approvals, tasks

if TYPE_CHECKING:
    from datetime import datetime

    from deputize.config.home import Home
    from deputize.model.approval import Approval
    from deputize.store.database import Database

    Place = tuple[str, str]
    """A git directory and a branch of it."""


def withdraw_moot(
    database: Database, home: Home, *, by: str, now: datetime, git_dir: str | None = None
) -> int:
    """Withdraw the open questions of trust (of one repository) that are moot; return how many."""
    with database.read() as transaction:
        asked = [
            (question, (question.git_dir, tasks.get(transaction, question.task).target or ""))
            for question in approvals.unanswered(transaction)
            if question.about is Subject.TRUST
            and question.task is not None
            and question.git_dir is not None
            and git_dir in {None, question.git_dir}
        ]
    wanted = {place: _wanted(home, place) for place in {place for _, place in asked}}
    moot = [question for question, place in asked if wanted[place] not in {None, question.digest}]
    return sum(_withdrawn(database, question, by, now) for question in moot)


def _withdrawn(database: Database, question: Approval, by: str, now: datetime) -> bool:
    try:
        with database.write() as transaction:
            state = ApprovalState.WITHDRAWN
            approvals.answer(transaction, question, state, by=by, words=None, now=now)
    except IllegalMove:
        return False  # somebody has answered it meanwhile
    return True


def _wanted(home: Home, place: Place) -> str | None:
    """Return the digest of what the tip asks for; None where nobody can tell."""
    git_dir, target = Path(place[0]), place[1]
    try:
        tip = read_ref(git_dir, f"refs/heads/{target}")
        if tip is None:
            return None
        file, include = read_blobs(git_dir, tip, (REPOSITORY_FILE, INCLUDE_FILE))
        return read_wishes(home.config, file, include, origin=REPOSITORY_FILE).digest
    except (ConfigError, GitError, InvalidInput, OSError):
        return None
