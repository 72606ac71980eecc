-- What serves an attempt's agent: another than its task's, where another agent takes over.
ALTER TABLE attempts ADD COLUMN provider TEXT;
UPDATE attempts SET provider = (SELECT tasks.provider FROM tasks WHERE tasks.id = attempts.task);

-- Where a task's repository is; NULL where there is none, or where nobody noted it.
ALTER TABLE tasks ADD COLUMN host TEXT;
