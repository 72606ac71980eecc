-- The only commands that a task's agent may run, where it names some.
ALTER TABLE tasks ADD COLUMN commands TEXT COLLATE "C" NOT NULL DEFAULT '[]';
