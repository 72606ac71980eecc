-- name: lock
-- One task, to be moved in this transaction.
{get} FOR NO KEY UPDATE;

-- name: lock_all
-- Tasks, to be moved in this transaction, locked in one order for everybody.
SELECT id FROM tasks WHERE id = ANY (CAST(translate(:ids, '[]', '{}') AS BIGINT[]))
ORDER BY id FOR NO KEY UPDATE;

-- name: keep
-- One task, which stays as it is until this transaction ends.
{get} FOR SHARE;

-- name: fronts
-- The first task of each priority: one look into the index for each, whatever the statistics say.
SELECT front.*
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS line
JOIN LATERAL (
    SELECT * FROM tasks WHERE priority = line.column1 AND {ready} ORDER BY rank, id LIMIT 1)
    AS front ON TRUE
WHERE {may_take};

-- name: fronts_in_reach
-- The same where something is barred.
SELECT front.*
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS line
JOIN LATERAL (
    SELECT * FROM tasks WHERE priority = line.column1 AND {reach} ORDER BY rank, id LIMIT 1)
    AS front ON TRUE
WHERE {may_take};

-- name: free
-- The first tasks of each priority, where nothing at all is closed.
{lines}
JOIN LATERAL (
    SELECT * FROM tasks WHERE priority = line.column1 AND {ready} ORDER BY rank, id LIMIT :count)
    AS front ON TRUE
WHERE {may_take} AND {nothing_is_closed};

-- name: take
-- Tasks that were found just now, where they are still ready and nobody else is taking them. An array
-- is looked up in the index, whatever is known of the table.
SELECT * FROM tasks WHERE id = ANY (CAST(translate(:ids, '[]', '{}') AS BIGINT[])) AND {ready}
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED;

-- name: start
-- Attempts of tasks began. What is told alike is written as one; that it is told how many there are
-- lets PostgreSQL see that they are few.
UPDATE tasks SET state = told.state, attempt = told.attempt, not_before = told.not_before,
    started_at = told.started_at
FROM (SELECT * FROM jsonb_to_recordset(CAST(:rows AS JSONB)) AS row (
        id BIGINT, state TEXT, attempt BIGINT, not_before TEXT, started_at TEXT)
      LIMIT :row_count) AS told
WHERE tasks.id = told.id;

-- name: end
-- Tasks ended.
UPDATE tasks SET state = told.state, attempt = told.attempt,
    cancel_requested = told.cancel_requested, feedback = told.feedback,
    finished_at = told.finished_at, result = told.result, reason = told.reason,
    message = told.message
FROM (SELECT * FROM jsonb_to_recordset(CAST(:rows AS JSONB)) AS row (
        id BIGINT, state TEXT, attempt BIGINT, cancel_requested BIGINT, feedback TEXT,
        finished_at TEXT, result TEXT, reason TEXT, message TEXT)
      LIMIT :row_count) AS told
WHERE tasks.id = told.id;

-- name: claimable
-- The first task of a priority that nobody else is taking, to be moved in this transaction.
{claimable} FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_dependents
-- The tasks that need this one, locked in the order of their ids before any of them is judged.
{dependents} FOR NO KEY UPDATE OF tasks;

-- name: descendants
-- All that needs a task, or needs what needs it, locked in the order of their ids.
{descendants} FOR NO KEY UPDATE;
