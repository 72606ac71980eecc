"""The archive: what is old leaves the store for files, and can be proven there."""
