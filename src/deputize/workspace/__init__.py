"""Where attempts work: worktrees, their isolation, and the processes that run in them."""
