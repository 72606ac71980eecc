-- Questions about single tool calls, and how far a yes goes.

CREATE TABLE approvals_anew (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    about       TEXT NOT NULL CHECK (about IN ('change', 'trust', 'budget', 'call')),
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
    rule        TEXT,
    reach       TEXT CHECK (reach IN ('once', 'task', 'rule')),
    CHECK ((answered_at IS NULL) = (state = 'open')),
    CHECK ((rule IS NOT NULL) = (about = 'call'))
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
