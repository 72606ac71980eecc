-- name: ended
-- The attempts that ended since a moment, newest first: never more than :limit, however long the
-- history is. The bound on the next attempt keeps PostgreSQL from reading all attempts for it.
SELECT attempts.ready_at, attempts.started_at, attempts.begun_at, attempts.finished_at,
    attempts.outcome, attempts.worker, tasks.role, attempts.agent, attempts.model,
    attempts.provider, attempts.input_tokens, attempts.output_tokens, attempts.cached_tokens,
    attempts.reasoning_tokens, attempts.cost_usd,
    (SELECT next.id FROM attempts AS next
     WHERE next.task = attempts.task AND next.number = attempts.number + 1 LIMIT 1) IS NOT NULL
        AS retried
FROM attempts JOIN tasks ON tasks.id = attempts.task
WHERE attempts.finished_at >= :since
ORDER BY attempts.finished_at DESC LIMIT :limit;

-- name: depths
-- How many open tasks there are of each role and state, and since when the oldest could be taken.
SELECT role, state, count(*) AS count,
    min(CASE WHEN state = 'queued' AND held = 0 AND ready_at <= :now THEN ready_at END) AS ready_at
FROM tasks WHERE finished_at IS NULL
GROUP BY role, state ORDER BY role, state;

-- name: loads
-- How many attempts each live worker has open, and how its writes have fared.
SELECT workers.id, workers.slots, workers.write_count, workers.waited_count,
    workers.waited_seconds, workers.longest_seconds,
    (SELECT count(*) FROM attempts
     WHERE attempts.finished_at IS NULL AND attempts.worker = workers.id) AS busy
FROM workers WHERE workers.stopped_at IS NULL ORDER BY workers.id;
