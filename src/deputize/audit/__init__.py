"""The audit trail in files: what the journal says, for people and for other programs to read."""
