"""Programs that drive other queues, each in a process of its own with the peers' own Python."""
