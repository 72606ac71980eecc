"""The shape of an attempt whose agent has to answer in a form: a verdict, a change request.

`judging.py` and `requesting.py` make one. The attempt runs its agent on its job instead of the
plain ones, and concludes what was seen of the run with it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from deputize.model.outcome import Outcome
from deputize.worker.asking_again import keep_answer
from deputize.workshop import aside

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deputize.agents.base import Job
    from deputize.attempt_log import AttemptLog
    from deputize.worker.asking_again import AskingAgain
    from deputize.worker.evidence import Seen

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Generic[T]):
    """What makes a run of an agent one that ends with an answer in a form."""

    agent: AskingAgain[T]
    """It has to answer in the form, and is asked again where it does not."""
    job: Job
    """It says what is asked, and how to answer."""
    tell: Callable[[T], Awaitable[str]]
    """Puts what was found into the words that are kept as the answer, redacted."""
    log: AttemptLog

    async def conclude(self, seen: Seen) -> Seen:
        """Return what was seen, with what was found told in place of the answer.

        An answer that was of no use is kept in a file beside the log.
        """
        if seen.outcome is Outcome.UNUSABLE_ANSWER:
            await aside(keep_answer, self.log, self.agent)
        # Time may be up after the answer was read: then it has not been given.
        if seen.outcome is not Outcome.SUCCEEDED or self.agent.found is None:
            return seen
        return replace(seen, answer=await self.tell(self.agent.found))
