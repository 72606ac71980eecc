-- In which order tasks are taken, and what keeps them from being taken together.

-- A task's place in the line of its priority. Shares take turns: see the query `tasks.turn`.
ALTER TABLE tasks ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
-- Whose turn a task counts as: a plan, or where single tasks come from.
ALTER TABLE tasks ADD COLUMN share TEXT NOT NULL DEFAULT '';
-- Since when a queued task could have been taken.
ALTER TABLE tasks ADD COLUMN ready_at TEXT;
-- Of the tasks with the same lock one works at a time.
ALTER TABLE tasks ADD COLUMN lock TEXT;

UPDATE tasks SET rank = id, share = origin, ready_at = max(created_at, coalesce(not_before, ''));
UPDATE tasks SET lock = 'checkout:' || repo WHERE place = 'in_place';

DROP INDEX tasks_claimable;
DROP INDEX tasks_in_place;
CREATE INDEX tasks_claimable ON tasks (priority, rank, id) WHERE state = 'queued' AND held = 0;
CREATE INDEX tasks_served ON tasks (priority, rank) WHERE started_at IS NOT NULL;
CREATE INDEX tasks_by_share ON tasks (share, priority, rank);
CREATE INDEX tasks_ready ON tasks (ready_at) WHERE state = 'queued' AND held = 0;
CREATE INDEX tasks_running ON tasks (id) WHERE state = 'running';
CREATE UNIQUE INDEX tasks_locked ON tasks (lock) WHERE state = 'running' AND lock IS NOT NULL;

-- Since when an attempt's task had been ready, and when its agent began: for `deputize stats`.
ALTER TABLE attempts ADD COLUMN ready_at TEXT;
ALTER TABLE attempts ADD COLUMN begun_at TEXT;
CREATE INDEX attempts_ended ON attempts (finished_at) WHERE finished_at IS NOT NULL;

-- What is closed for now: everything, a role, a plan, an agent, a provider.
CREATE TABLE barriers (
    kind   TEXT NOT NULL CHECK (kind IN ('all', 'role', 'plan', 'agent', 'provider')),
    name   TEXT NOT NULL CHECK ((name = '') = (kind = 'all')),
    cause  TEXT NOT NULL CHECK (cause IN ('person', 'limit')),
    since  TEXT NOT NULL,
    until  TEXT,
    "by"   TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (kind, name, cause),
    CHECK ((until IS NOT NULL) = (cause = 'limit'))
) STRICT, WITHOUT ROWID;
