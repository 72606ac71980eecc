"""What stands between an agent and everything else, against its bars."""

from __future__ import annotations

from bench.gate import calls, redaction


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    return 0 if all([redaction.measure(), calls.measure()]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
