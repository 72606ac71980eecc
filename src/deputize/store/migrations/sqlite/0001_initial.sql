-- The words are those of docs/lifecycle.md; the CHECKs repeat its rules so that no program,
-- ours included, can write a row that means nothing.

CREATE TABLE migrations (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    applied_at TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

CREATE TABLE tasks (
    id                   INTEGER PRIMARY KEY AUTOINCREMENT,
    title                TEXT NOT NULL,
    prompt               TEXT NOT NULL CHECK (prompt <> ''),
    role                 TEXT NOT NULL,
    kind                 TEXT,
    state                TEXT NOT NULL CHECK (state IN
        ('blocked', 'queued', 'running', 'landing', 'done', 'failed', 'cancelled')),
    held                 INTEGER NOT NULL CHECK (held IN (0, 1)),
    priority             INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
    place                TEXT NOT NULL CHECK (place IN
        ('worktree', 'in_place', 'read_only', 'scratch')),
    repo                 TEXT,
    git_dir              TEXT,
    base                 TEXT,
    target               TEXT,
    scope                TEXT NOT NULL,
    agent                TEXT NOT NULL,
    model                TEXT,
    provider             TEXT,
    checks               TEXT NOT NULL,
    timeout_seconds      INTEGER NOT NULL CHECK (timeout_seconds > 0),
    idle_timeout_seconds INTEGER NOT NULL CHECK (idle_timeout_seconds > 0),
    attempts             INTEGER CHECK (attempts > 0),
    not_before           TEXT,
    key                  TEXT UNIQUE,
    key_digest           TEXT,
    session              TEXT,
    round_start          INTEGER NOT NULL CHECK (round_start > 0),
    rework_count         INTEGER NOT NULL CHECK (rework_count >= 0),
    feedback             TEXT,
    attempt              INTEGER REFERENCES attempts (id),
    cancel_requested     INTEGER NOT NULL CHECK (cancel_requested IN (0, 1)),
    created_at           TEXT NOT NULL,
    started_at           TEXT,
    finished_at          TEXT,
    result               TEXT,
    reason               TEXT,
    message              TEXT,
    labels               TEXT NOT NULL,
    plan                 INTEGER,
    origin               TEXT NOT NULL,
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed', 'cancelled'))),
    CHECK ((attempt IS NOT NULL) = (state = 'running')),
    CHECK ((reason IS NOT NULL) = (state IN ('failed', 'cancelled'))),
    CHECK ((repo IS NULL) = (place = 'scratch')),
    CHECK ((key IS NULL) = (key_digest IS NULL))
) STRICT;

CREATE INDEX tasks_claimable ON tasks (priority, id) WHERE state = 'queued';
CREATE INDEX tasks_in_place ON tasks (repo) WHERE state = 'running' AND place = 'in_place';
CREATE INDEX tasks_open ON tasks (id) WHERE state IN ('blocked', 'queued', 'running', 'landing');

CREATE INDEX tasks_finished ON tasks (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE task_needs (
    task INTEGER NOT NULL REFERENCES tasks (id),
    need INTEGER NOT NULL REFERENCES tasks (id),
    "on" TEXT NOT NULL CHECK ("on" IN ('done')),
    PRIMARY KEY (task, need),
    CHECK (task <> need)
) STRICT, WITHOUT ROWID;

CREATE INDEX task_needs_by_need ON task_needs (need, task);

CREATE TABLE attempts (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    task             INTEGER NOT NULL REFERENCES tasks (id),
    number           INTEGER NOT NULL CHECK (number > 0),
    token            TEXT NOT NULL UNIQUE,
    worker           TEXT NOT NULL REFERENCES workers (id),
    lease_expires_at TEXT NOT NULL,
    agent            TEXT NOT NULL,
    model            TEXT,
    base             TEXT,
    session          TEXT,
    workspace        TEXT,
    processes        TEXT NOT NULL,
    started_at       TEXT NOT NULL,
    finished_at      TEXT,
    outcome          TEXT,
    exit_code        INTEGER,
    error            TEXT,
    input_tokens     INTEGER NOT NULL,
    output_tokens    INTEGER NOT NULL,
    cached_tokens    INTEGER NOT NULL,
    cost_usd         TEXT,
    tools            TEXT NOT NULL,
    summary          TEXT,
    log              TEXT,
    saved_ref        TEXT,
    removed_at       TEXT,
    UNIQUE (task, number),
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
) STRICT;

CREATE UNIQUE INDEX attempts_open ON attempts (task) WHERE finished_at IS NULL;
CREATE INDEX attempts_unfinished ON attempts (id) WHERE finished_at IS NULL;
CREATE INDEX attempts_with_workspace ON attempts (id)
    WHERE workspace IS NOT NULL AND removed_at IS NULL;

CREATE TABLE changes (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    task          INTEGER NOT NULL REFERENCES tasks (id),
    attempt       INTEGER NOT NULL REFERENCES attempts (id),
    state         TEXT NOT NULL CHECK (state IN
        ('proposed', 'awaiting_approval', 'queued', 'checking', 'landed', 'superseded',
         'quarantined', 'rejected', 'withdrawn', 'reverted')),
    repo          TEXT NOT NULL,
    git_dir       TEXT NOT NULL,
    target        TEXT NOT NULL,
    base          TEXT NOT NULL,
    head          TEXT NOT NULL,
    tree          TEXT NOT NULL,
    files         TEXT NOT NULL,
    added         INTEGER NOT NULL,
    removed       INTEGER NOT NULL,
    risk          TEXT NOT NULL,
    risk_reasons  TEXT NOT NULL,
    reason        TEXT,
    approved_tree TEXT,
    tip           TEXT,
    candidate     TEXT,
    checks        TEXT NOT NULL,
    landed_commit TEXT,
    batch         INTEGER,
    created_at    TEXT NOT NULL,
    settled_at    TEXT,
    CHECK ((landed_commit IS NOT NULL) = (state IN ('landed', 'reverted'))),
    CHECK ((settled_at IS NOT NULL) = (state IN
        ('landed', 'superseded', 'quarantined', 'rejected', 'withdrawn', 'reverted')))
) STRICT;

CREATE INDEX changes_open ON changes (id)
    WHERE state IN ('proposed', 'awaiting_approval', 'queued', 'checking');
CREATE INDEX changes_by_task ON changes (task, id);

CREATE TABLE approvals (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    about       TEXT NOT NULL CHECK (about IN ('change', 'trust')),
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

CREATE INDEX approvals_by_task ON approvals (task) WHERE task IS NOT NULL;
CREATE INDEX approvals_open ON approvals (id) WHERE state = 'open';
CREATE INDEX approvals_open_by_task ON approvals (task) WHERE state = 'open';

CREATE TABLE trust (
    git_dir    TEXT NOT NULL,
    digest     TEXT NOT NULL,
    trusted_at TEXT NOT NULL,
    trusted_by TEXT NOT NULL,
    PRIMARY KEY (git_dir, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE workers (
    id         TEXT PRIMARY KEY,
    identity   TEXT NOT NULL,
    host       TEXT NOT NULL,
    roles      TEXT NOT NULL,
    slots      INTEGER NOT NULL CHECK (slots >= 0),
    started_at TEXT NOT NULL,
    seen_at    TEXT NOT NULL,
    draining   INTEGER NOT NULL CHECK (draining IN (0, 1)),
    stopped_at TEXT,
    doorbell   TEXT
) STRICT;

CREATE INDEX workers_live ON workers (id) WHERE stopped_at IS NULL;

CREATE TABLE leases (
    name       TEXT PRIMARY KEY,
    holder     TEXT NOT NULL REFERENCES workers (id),
    token      TEXT NOT NULL,
    expires_at TEXT NOT NULL
) STRICT;

CREATE TABLE sessions (
    agent      TEXT NOT NULL,
    token      TEXT NOT NULL,
    task       INTEGER NOT NULL REFERENCES tasks (id),
    attempt    INTEGER NOT NULL REFERENCES attempts (id),
    started_at TEXT NOT NULL,
    used_at    TEXT NOT NULL,
    PRIMARY KEY (agent, token)
) STRICT;

CREATE INDEX sessions_by_task ON sessions (task, used_at);

CREATE TABLE events (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at       TEXT NOT NULL,
    kind     TEXT NOT NULL CHECK (kind GLOB '*.*'),
    actor    TEXT NOT NULL,
    task     INTEGER,
    attempt  INTEGER,
    change   INTEGER,
    approval INTEGER,
    worker   TEXT,
    body     TEXT NOT NULL
) STRICT;

CREATE INDEX events_by_task ON events (task, id) WHERE task IS NOT NULL;

CREATE TABLE seals (
    seq   INTEGER PRIMARY KEY,
    event INTEGER NOT NULL UNIQUE REFERENCES events (id),
    hash  TEXT NOT NULL
) STRICT;

CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER seals_are_not_changed BEFORE UPDATE ON seals
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER seals_are_not_deleted BEFORE DELETE ON seals
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;

CREATE TABLE outbox (
    event      INTEGER NOT NULL REFERENCES events (id),
    channel    TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    not_before TEXT NOT NULL,
    error      TEXT,
    PRIMARY KEY (event, channel)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (not_before);

CREATE TABLE cursors (
    name TEXT PRIMARY KEY,
    seq  INTEGER NOT NULL
) STRICT;
