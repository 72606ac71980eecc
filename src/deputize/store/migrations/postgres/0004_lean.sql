-- Fewer entries of indexes for each step of a task.

ALTER TABLE tasks DROP CONSTRAINT tasks_key_key;
CREATE UNIQUE INDEX tasks_by_key ON tasks (key) WHERE key IS NOT NULL;
DROP INDEX tasks_claimable;
DROP INDEX tasks_open;
DROP INDEX tasks_running;
DROP INDEX tasks_ready;
DROP INDEX tasks_finished;
-- The open tasks: the line of each priority, how many are in each state, and who waits longest. That
-- it names finished_at spares SQLite a look at each row.
CREATE INDEX tasks_open ON tasks (state, held, priority, rank, id, ready_at, finished_at)
    WHERE finished_at IS NULL;

ALTER TABLE attempts DROP CONSTRAINT attempts_token_key;
DROP INDEX attempts_unfinished;
