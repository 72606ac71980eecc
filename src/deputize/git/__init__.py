"""The only room that runs git: repositories, snapshots, merges, refs."""
