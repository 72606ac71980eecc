-- name: lock
-- One task, to be moved in this transaction.
{get} FOR NO KEY UPDATE;

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

-- name: take
-- A task that was found just now, if a worker may still take it and nobody else is taking it.
{take} FOR NO KEY UPDATE SKIP LOCKED;

-- name: claimable
-- The first task of a priority that nobody else is taking, to be moved in this transaction.
{claimable} FOR NO KEY UPDATE SKIP LOCKED;

-- name: lock_dependents
-- The tasks that need this one, locked in the order of their ids before any of them is judged.
{dependents} FOR NO KEY UPDATE OF tasks;

-- name: descendants
-- All that needs a task, or needs what needs it, locked in the order of their ids.
{descendants} FOR NO KEY UPDATE;
