-- What may be spent, and what was.

ALTER TABLE tasks ADD COLUMN budget_tokens INTEGER CHECK (budget_tokens > 0);
ALTER TABLE tasks ADD COLUMN budget_usd REAL CHECK (budget_usd > 0);
-- The task whose agent delegated it, or whose agent's agent did: it pays.
ALTER TABLE tasks ADD COLUMN root INTEGER REFERENCES tasks (id);

-- What an attempt was promised when it began: nobody else is promised the same.
ALTER TABLE attempts ADD COLUMN reserved_tokens INTEGER;
ALTER TABLE attempts ADD COLUMN reserved_microdollars INTEGER;

-- What was spent on each account, and what a person granted besides its budget.
CREATE TABLE spending (
    scope                TEXT NOT NULL CHECK (scope IN ('task', 'plan', 'day', 'provider', 'agent')),
    name                 TEXT NOT NULL,
    day                  TEXT NOT NULL,
    tokens               INTEGER NOT NULL CHECK (tokens >= 0),
    microdollars         INTEGER NOT NULL CHECK (microdollars >= 0),
    unpriced_tokens      INTEGER NOT NULL CHECK (unpriced_tokens >= 0),
    granted_tokens       INTEGER NOT NULL CHECK (granted_tokens >= 0),
    granted_microdollars INTEGER NOT NULL CHECK (granted_microdollars >= 0),
    PRIMARY KEY (scope, name, day)
) STRICT, WITHOUT ROWID;

-- SQLite can't widen a CHECK: the tables are made anew.
CREATE TABLE approvals_anew (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    about       TEXT NOT NULL CHECK (about IN ('change', 'trust', 'budget')),
    subject     TEXT NOT NULL,
    digest      TEXT NOT NULL,
    task        INTEGER REFERENCES tasks (id),
    change      INTEGER REFERENCES changes (id),
    git_dir     TEXT,
    reason      TEXT NOT NULL,
    risk        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('open', 'approved', 'denied', 'withdrawn')),
    asked_at    TEXT NOT NULL,
    deadline_at TEXT,
    answered_at TEXT,
    answered_by TEXT,
    answer      TEXT,
    CHECK ((answered_at IS NULL) = (state = 'open'))
) STRICT;

INSERT INTO approvals_anew (
    id, about, subject, digest, task, change, git_dir, reason, risk, state, asked_at, deadline_at,
    answered_at, answered_by, answer
) SELECT
    id, about, subject, digest, task, change, git_dir, reason, risk, state, asked_at, deadline_at,
    answered_at, answered_by, answer
FROM approvals;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'approvals')
WHERE name = 'approvals_anew';
DROP TABLE approvals;
ALTER TABLE approvals_anew RENAME TO approvals;
CREATE INDEX approvals_by_task ON approvals (task) WHERE task IS NOT NULL;
CREATE INDEX approvals_open ON approvals (id) WHERE state = 'open';
CREATE INDEX approvals_open_by_task ON approvals (task) WHERE state = 'open';

CREATE TABLE barriers_anew (
    kind   TEXT NOT NULL CHECK (kind IN ('all', 'role', 'plan', 'agent', 'provider')),
    name   TEXT NOT NULL CHECK ((name = '') = (kind = 'all')),
    cause  TEXT NOT NULL CHECK (cause IN ('person', 'limit', 'budget')),
    since  TEXT NOT NULL,
    until  TEXT,
    "by"   TEXT NOT NULL,
    reason TEXT,
    PRIMARY KEY (kind, name, cause),
    CHECK (cause = 'budget' OR (until IS NOT NULL) = (cause = 'limit'))
) STRICT, WITHOUT ROWID;

INSERT INTO barriers_anew (kind, name, cause, since, until, "by", reason)
SELECT kind, name, cause, since, until, "by", reason FROM barriers;
DROP TABLE barriers;
ALTER TABLE barriers_anew RENAME TO barriers;
