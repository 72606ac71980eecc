"""Change requests: read, held against the rules, and carried out on a commit."""
