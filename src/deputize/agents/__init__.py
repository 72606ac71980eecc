"""Foreign programs that code: one adapter per file, each behind the `Agent` protocol of `base`."""
