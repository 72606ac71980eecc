"""Give Copilot a prompt in a folder right away: no queue, no landing, but the same gate.

request     what is asked for and what came of it: values
gathering   the agent's events as deltas, and what they add up to: pure
setting     what a request means with home's settings: login, environment, gate
narrowing   a person's own hooks that decide its tool calls
obedience   whether the runtime's version obeys the gate, as far as that was checked
bridge      one runtime that serves requests until it is stopped
"""

from deputize.copilot.bridge import Bridge
from deputize.copilot.request import (
    BridgeStatus,
    CodingTaskRequest,
    CodingTaskResult,
    DeltaKind,
    ProviderConfig,
    StreamingDelta,
    ToolCallRecord,
)

__all__ = [
    "Bridge",
    "BridgeStatus",
    "CodingTaskRequest",
    "CodingTaskResult",
    "DeltaKind",
    "ProviderConfig",
    "StreamingDelta",
    "ToolCallRecord",
]
