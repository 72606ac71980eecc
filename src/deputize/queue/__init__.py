"""The waiting room: who works on what, for how long the right to it lasts, and how it ends."""

from deputize.queue.claiming import Claim, claim
from deputize.queue.editing import Edits, edit
from deputize.queue.endings import Ending, finish, finish_in
from deputize.queue.leases import Pulse, beat, is_wanted
from deputize.queue.requests import cancel, hold, retry, turn_away
from deputize.queue.succession import finish_and_claim
from deputize.queue.waits import shorten

__all__ = [
    "Claim",
    "Edits",
    "Ending",
    "Pulse",
    "beat",
    "cancel",
    "claim",
    "edit",
    "finish",
    "finish_and_claim",
    "finish_in",
    "hold",
    "is_wanted",
    "retry",
    "shorten",
    "turn_away",
]
