"""The demo: a scratch repository, its story, and a model that plays it."""
