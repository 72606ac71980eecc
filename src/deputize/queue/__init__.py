"""The waiting room: who works on what, for how long the right to it lasts, and how it ends."""

from deputize.queue.budgeting import short_of, spend
from deputize.queue.claiming import claim, claim_several
from deputize.queue.editing import Edits, edit
from deputize.queue.endings import Ending, finish, finish_in
from deputize.queue.leases import Pulse, beat, is_wanted
from deputize.queue.requests import cancel, hold, retry, turn_away
from deputize.queue.spent import grant, refuse, withdraw_over
from deputize.queue.starting import Claim
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
    "grant",
    "hold",
    "is_wanted",
    "refuse",
    "retry",
    "short_of",
    "shorten",
    "spend",
    "turn_away",
    "turn_over",
    "withdraw_over",
]
