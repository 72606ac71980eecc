"""The waiting room: who works on what, for how long the right to it lasts, and how it ends."""

from deputize.queue.claiming import Claim, claim, claim_several
from deputize.queue.editing import Edits, edit
from deputize.queue.endings import Ending, finish, finish_in
from deputize.queue.leases import Pulse, beat, is_wanted
from deputize.queue.requests import cancel, hold, retry, turn_away
from deputize.queue.succession import Turnover, turn_over
from deputize.queue.waits import shorten

__all__ = [
    "Claim",
    "Edits",
    "Ending",
    "Pulse",
    "Turnover",
    "beat",
    "cancel",
    "claim",
    "claim_several",
    "edit",
    "finish",
    "finish_in",
    "hold",
    "is_wanted",
    "retry",
    "shorten",
    "turn_away",
    "turn_over",
]
