"""An attempt: one try at one task by one worker."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from deputize.model.activity import Activity
    from deputize.model.outcome import Outcome

LEASE_SECONDS = 30
HEARTBEAT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the model's work came to. Tokens are counts."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Of those that went in, or beside them, as the provider counts."""
    reasoning_tokens: int = 0
    """Of those that came out, as far as the agent tells."""
    cost_usd: str | None = None
    """Decimal dollars as text; None where the price isn't known."""

    @property
    def is_nothing(self) -> bool:
        """Tell whether there are no tokens, and no cost, or one of 0."""
        return self == Usage(cost_usd=self.cost_usd) and self.cost_usd in {None, "0"}

    @property
    def words(self) -> str:
        """Say how many tokens went in and came out; nothing where none did."""
        if not self.input_tokens and not self.output_tokens:
            return ""
        cached = f" ({self.cached_tokens} cached)" if self.cached_tokens else ""
        reasoning = f" ({self.reasoning_tokens} reasoning)" if self.reasoning_tokens else ""
        return f"{self.input_tokens} in{cached}, {self.output_tokens} out{reasoning}"

    def plus(self, other: Usage) -> Usage:
        """Add two usages; the cost is known only where both are, or one has no tokens."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_usd=_cost(self, other),
        )

    def beyond(self, told: Usage) -> Usage:
        """Return what this sum has that `told` has not; a count that went back has nothing new."""
        return Usage(
            input_tokens=max(0, self.input_tokens - told.input_tokens),
            output_tokens=max(0, self.output_tokens - told.output_tokens),
            cached_tokens=max(0, self.cached_tokens - told.cached_tokens),
            reasoning_tokens=max(0, self.reasoning_tokens - told.reasoning_tokens),
            cost_usd=_cost_beyond(self.cost_usd, told.cost_usd),
        )


def _cost_beyond(cost: str | None, told: str | None) -> str | None:
    from decimal import Decimal

    return None if cost is None else written(max(Decimal(0), Decimal(cost) - Decimal(told or 0)))


def written(amount: Decimal) -> str:
    """Write dollars as they are kept."""
    return format(round(amount, 9).normalize(), "f")


def cost_in(told: object) -> str | None:
    """Read dollars as an agent tells them; what is no amount that can be has none."""
    from decimal import Decimal

    if not isinstance(told, int | float) or isinstance(told, bool):
        return None
    return written(Decimal(str(told))) if 0 <= told <= MOST_USD_TOLD else None


def _cost(first: Usage, second: Usage) -> str | None:
    from decimal import Decimal, InvalidOperation

    costs = [usage.cost_usd for usage in (first, second) if usage != NO_USAGE]
    try:
        known = [Decimal(cost) for cost in costs if cost is not None]
    except InvalidOperation:
        return None
    return str(sum(known)) if known and len(known) == len(costs) else None


NO_USAGE = Usage()

MOST_USD_TOLD = 1e9
"""What is said to have cost more than this, or no number at all, is not taken for a cost."""
MOST_TOKENS_TOLD = 10**12
"""More than this no agent takes at once: what it tells besides must not keep it from ending."""


def count_in(told: object) -> int:
    """Read a number of tokens as an agent tells it; what is no number is none."""
    if not isinstance(told, int | float) or isinstance(told, bool):
        return 0
    if isinstance(told, float) and not math.isfinite(told):
        return 0
    return min(max(0, int(told)), MOST_TOKENS_TOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """How often an agent used a tool, and how often it was refused or failed."""

    name: str
    count: int
    denied_count: int = 0
    failed_count: int = 0


class Attempt(NamedTuple):
    """An attempt as it stands in the store. It is never overwritten by another."""

    id: int
    task: int
    number: int
    token: str
    """The lease's fencing token: every write of the attempt carries it."""
    worker: str
    lease_expires_at: datetime
    agent: str
    provider: str | None
    """What serves the agent; None where it works with a login of its own."""
    model: str | None
    base: str | None
    session: str | None
    workspace: str | None
    processes: tuple[str, ...]
    """Identities of the agent's first processes, as `workspace` writes them."""
    started_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    exit_code: int | None
    error: str | None
    usage: Usage
    tools: tuple[ToolUse, ...]
    summary: str | None
    log: str | None
    saved_ref: str | None
    """A ref in our repository that holds what the attempt left behind."""
    activity: Activity | None = None
    """What it did at its worker's last heartbeat, once its agent had begun."""
    sandbox: str | None = None
    """What its programs ran in: `workspace`, `namespace` or `off`; None before any could."""

    @property
    def unusable_answer(self) -> str | None:
        """The file with what the agent answered, where that was of no use."""
        if self.log is None or self.outcome != "unusable_answer":
            return None
        return answer_beside(self.log)


def answer_beside(log: str) -> str:
    """Return where an answer that was of no use is kept: beside the attempt's log."""
    return f"{log.removesuffix('.log')}.answer"
