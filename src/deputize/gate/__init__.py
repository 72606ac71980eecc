"""The gate: every tool call of every agent is decided here."""
