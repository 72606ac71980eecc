-- Tasks that were submitted together, and needs that end otherwise than well.

CREATE TABLE plans (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    title      TEXT NOT NULL,
    origin     TEXT NOT NULL,
    key        TEXT UNIQUE,
    key_digest TEXT,
    created_at TEXT NOT NULL,
    CHECK ((key IS NULL) = (key_digest IS NULL))
) STRICT;

-- Holds all that counting the tasks of a plan by their states reads.
CREATE INDEX tasks_by_plan ON tasks (plan, state, id) WHERE plan IS NOT NULL;

-- SQLite can't widen a CHECK: the table is made anew.
CREATE TABLE task_needs_anew (
    task INTEGER NOT NULL REFERENCES tasks (id),
    need INTEGER NOT NULL REFERENCES tasks (id),
    "on" TEXT NOT NULL CHECK ("on" IN ('done', 'end', 'landed')),
    PRIMARY KEY (task, need),
    CHECK (task <> need)
) STRICT, WITHOUT ROWID;

INSERT INTO task_needs_anew (task, need, "on") SELECT task, need, "on" FROM task_needs;
DROP TABLE task_needs;
ALTER TABLE task_needs_anew RENAME TO task_needs;
CREATE INDEX task_needs_by_need ON task_needs (need, task);
