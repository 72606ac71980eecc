"""The workshop: our process that claims tasks and gives each to an agent in its own workspace."""
