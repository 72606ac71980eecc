-- Fewer entries of indexes for each step of a task: a commit writes half as many pages. SQLite can't
-- drop a UNIQUE that stands in a table: the tables are made anew, with references not looked at
-- meanwhile.

CREATE TABLE tasks_anew (
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
    key                  TEXT,
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
    rank                 INTEGER NOT NULL,
    share                TEXT NOT NULL,
    ready_at             TEXT,
    lock                 TEXT,
    CHECK ((finished_at IS NOT NULL) = (state IN ('done', 'failed', 'cancelled'))),
    CHECK ((attempt IS NOT NULL) = (state = 'running')),
    CHECK ((reason IS NOT NULL) = (state IN ('failed', 'cancelled'))),
    CHECK ((repo IS NULL) = (place = 'scratch')),
    CHECK ((key IS NULL) = (key_digest IS NULL))
) STRICT;

INSERT INTO tasks_anew (
    id, title, prompt, role, kind, state, held, priority, place, repo, git_dir, base, target,
    scope, agent, model, provider, checks, timeout_seconds, idle_timeout_seconds, attempts,
    not_before, key, key_digest, session, round_start, rework_count, feedback, attempt,
    cancel_requested, created_at, started_at, finished_at, result, reason, message, labels, plan,
    origin, rank, share, ready_at, lock
) SELECT
    id, title, prompt, role, kind, state, held, priority, place, repo, git_dir, base, target,
    scope, agent, model, provider, checks, timeout_seconds, idle_timeout_seconds, attempts,
    not_before, key, key_digest, session, round_start, rework_count, feedback, attempt,
    cancel_requested, created_at, started_at, finished_at, result, reason, message, labels, plan,
    origin, rank, share, ready_at, lock
FROM tasks;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'tasks')
WHERE name = 'tasks_anew';
DROP TABLE tasks;
ALTER TABLE tasks_anew RENAME TO tasks;

CREATE UNIQUE INDEX tasks_by_key ON tasks (key) WHERE key IS NOT NULL;
-- The open tasks: the line of each priority, how many are in each state, and who waits longest. That
-- it names finished_at spares SQLite a look at each row.
CREATE INDEX tasks_open ON tasks (state, held, priority, rank, id, ready_at, finished_at)
    WHERE finished_at IS NULL;
CREATE INDEX tasks_served ON tasks (priority, rank) WHERE started_at IS NOT NULL;
CREATE INDEX tasks_by_share ON tasks (share, priority, rank);
CREATE INDEX tasks_by_plan ON tasks (plan, state, id) WHERE plan IS NOT NULL;
CREATE UNIQUE INDEX tasks_locked ON tasks (lock) WHERE state = 'running' AND lock IS NOT NULL;

CREATE TABLE attempts_anew (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    task             INTEGER NOT NULL REFERENCES tasks (id),
    number           INTEGER NOT NULL CHECK (number > 0),
    token            TEXT NOT NULL,
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
    ready_at         TEXT,
    begun_at         TEXT,
    UNIQUE (task, number),
    CHECK ((finished_at IS NULL) = (outcome IS NULL))
) STRICT;

INSERT INTO attempts_anew (
    id, task, number, token, worker, lease_expires_at, agent, model, base, session, workspace,
    processes, started_at, finished_at, outcome, exit_code, error, input_tokens, output_tokens,
    cached_tokens, cost_usd, tools, summary, log, saved_ref, removed_at, ready_at, begun_at
) SELECT
    id, task, number, token, worker, lease_expires_at, agent, model, base, session, workspace,
    processes, started_at, finished_at, outcome, exit_code, error, input_tokens, output_tokens,
    cached_tokens, cost_usd, tools, summary, log, saved_ref, removed_at, ready_at, begun_at
FROM attempts;
UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'attempts')
WHERE name = 'attempts_anew';
DROP TABLE attempts;
ALTER TABLE attempts_anew RENAME TO attempts;

CREATE UNIQUE INDEX attempts_open ON attempts (task) WHERE finished_at IS NULL;
CREATE INDEX attempts_ended ON attempts (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX attempts_with_workspace ON attempts (id)
    WHERE workspace IS NOT NULL AND removed_at IS NULL;
