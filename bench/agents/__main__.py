"""Agents beside their bars, the real Copilot and a scripted model: `make bench-agents`."""

from __future__ import annotations

from bench.agents import one_client, one_runtime, overhead, together
from bench.agents.stage import SHARED


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    one_client.measure()
    good = [
        *overhead.measure(),
        *overhead.measure("agents-overhead-shared", SHARED),
        *together.measure(),
        *together.measure("agents-together-shared", SHARED),
        *one_runtime.measure(),
    ]
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
