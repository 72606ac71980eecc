"""The queue beside its bars, on SQLite and on PostgreSQL: `make bench-queue`."""

from __future__ import annotations

from bench.queue import fairness, growth, on_postgres, on_sqlite, pickup
from bench.queue.server import bases


def main() -> int:
    """Measure and print; 1 where a bar is missed."""
    good = [
        *on_sqlite.measure(),
        *fairness.measure(),
        *pickup.on_sqlite(),
        *growth.on_sqlite(),
    ]
    with bases() as made:
        good += on_postgres.measure(made)
        good += pickup.on_postgres(made.make())
        good += growth.on_postgres(made)
    return 0 if all(good) else 1


if __name__ == "__main__":
    raise SystemExit(main())
