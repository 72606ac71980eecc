-- name: insert
-- Put a file on record: from now on the journal may be deleted up to its last entry.
INSERT INTO archives (file, host, sha256, size_bytes, made_at, event, first_seq, last_seq, last_event,
    before_hash, last_hash, tasks, logs, counts)
VALUES (:file, :host, :sha256, :size_bytes, :made_at, :event, :first_seq, :last_seq, :last_event,
    :before_hash, :last_hash, :tasks, :logs, :counts);

-- name: telling
-- The event that tells of a file, which was written a moment ago.
SELECT id FROM events WHERE kind = 'archive.written' AND body LIKE '%"' || :file || '"%'
ORDER BY id DESC LIMIT 1;

-- name: anchor
-- The last entry of the journal that was archived: the first that is kept is chained to it.
SELECT last_seq AS seq, last_event AS event, last_hash AS hash FROM archives
WHERE last_seq IS NOT NULL ORDER BY last_seq DESC LIMIT 1;

-- name: listing
-- All files, oldest first.
SELECT * FROM archives ORDER BY id;

-- name: latest
-- When the newest file was made.
SELECT made_at FROM archives ORDER BY id DESC LIMIT 1;

-- name: window
-- The next tasks by their ids, each with whether nothing keeps it but its age and other tasks.
SELECT id, plan, created_at, CASE WHEN {free} THEN 1 ELSE 0 END AS free
FROM tasks WHERE id > :after ORDER BY id LIMIT :limit;

-- name: free
-- What has to be so of a task that may go (no query of its own). Of what is numbered the newest
-- stays, so that a copy of the store goes on counting from there.
finished_at IS NOT NULL AND finished_at <= :before
    AND id < (SELECT max(id) FROM tasks)
    AND NOT EXISTS (SELECT 1 FROM attempts WHERE attempts.task = tasks.id
        AND (attempts.finished_at IS NULL
             OR (attempts.workspace IS NOT NULL AND attempts.removed_at IS NULL)
             OR attempts.id = (SELECT max(id) FROM attempts)))
    AND NOT EXISTS (SELECT 1 FROM changes WHERE changes.task = tasks.id
        AND (changes.settled_at IS NULL OR changes.id = (SELECT max(id) FROM changes)))
    AND NOT EXISTS (SELECT 1 FROM approvals WHERE approvals.task = tasks.id
        AND (approvals.state = 'open' OR approvals.id = (SELECT max(id) FROM approvals)))
    AND NOT EXISTS (SELECT 1 FROM task_needs JOIN tasks AS other ON other.id = task_needs.task
        WHERE task_needs.need = tasks.id AND other.finished_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM tasks AS other
        WHERE other.root = tasks.id AND other.finished_at IS NULL)
    AND (plan IS NULL OR plan < (SELECT max(id) FROM plans))
    AND NOT EXISTS (SELECT 1 FROM tasks AS other WHERE other.plan = tasks.plan
        AND other.state IN ('blocked', 'queued', 'running', 'landing'))
    AND NOT EXISTS (SELECT 1 FROM events WHERE events.task = tasks.id AND events.id > :read)
    AND NOT EXISTS (SELECT 1 FROM events JOIN outbox ON outbox.event = events.id
        WHERE events.task = tasks.id)

-- name: still_free
-- Which of some tasks may still go, to be deleted in this transaction.
SELECT id FROM tasks WHERE id IN {chosen} AND {free} ORDER BY id;

-- name: lock
-- Some tasks, to be deleted in this transaction.
SELECT id FROM tasks WHERE id IN {chosen} ORDER BY id;

-- name: chosen
-- The ids that were chosen (no query of its own).
(SELECT CAST(value AS BIGINT) FROM json_each(:ids))

-- name: present
-- Which of some tasks are there.
SELECT id FROM tasks WHERE id IN {chosen};

-- name: plan_sizes
-- How many tasks some plans have.
SELECT plan AS id, count(*) AS count FROM tasks WHERE plan IN {chosen} GROUP BY plan;

-- name: dependents
-- Which tasks need some others.
SELECT need, task FROM task_needs WHERE need IN {chosen};

-- name: children
-- Which tasks some others delegated.
SELECT root, id FROM tasks WHERE root IN {chosen};

-- name: log_files
-- The logs of attempts that ended in a span of time, each with whether its task is final.
SELECT attempts.id AS id, attempts.log AS log, attempts.finished_at AS finished_at,
    CASE WHEN tasks.finished_at IS NULL THEN 0 ELSE 1 END AS final
FROM attempts JOIN tasks ON tasks.id = attempts.task
WHERE attempts.finished_at > :after AND attempts.finished_at <= :before AND attempts.log IS NOT NULL
ORDER BY attempts.finished_at, attempts.id;

-- name: logs_of
-- The logs of some tasks.
SELECT id, task, log FROM attempts WHERE task IN {chosen} AND log IS NOT NULL ORDER BY id;

-- name: attempt_count
-- How many attempts some tasks have had.
SELECT count(*) AS count FROM attempts WHERE task IN {chosen};

-- name: with_log
-- Which of some attempts of final tasks have a log.
SELECT attempts.id AS id FROM attempts JOIN tasks ON tasks.id = attempts.task
WHERE attempts.id IN {chosen} AND attempts.log IS NOT NULL AND tasks.finished_at IS NOT NULL;

-- name: forget_logs
-- Note that some attempts have no log any more.
UPDATE attempts SET log = NULL WHERE id IN {chosen};

-- name: task_rows
-- Some tasks, whole.
SELECT * FROM tasks WHERE id IN {chosen} ORDER BY id;

-- name: need_rows
-- What some tasks need, and what needs them.
SELECT * FROM task_needs WHERE task IN {chosen} OR need IN {chosen} ORDER BY task, need;

-- name: attempt_rows
-- The attempts of some tasks, whole.
SELECT * FROM attempts WHERE task IN {chosen} ORDER BY id;

-- name: change_rows
-- The changes of some tasks, whole.
SELECT * FROM changes WHERE task IN {chosen} ORDER BY id;

-- name: approval_rows
-- The questions about some tasks, whole.
SELECT * FROM approvals WHERE task IN {chosen} ORDER BY id;

-- name: session_rows
-- The sessions of some tasks, whole.
SELECT * FROM sessions WHERE task IN {chosen} ORDER BY agent, token;

-- name: spending_rows
-- What some tasks, or some plans, have spent.
SELECT * FROM spending
WHERE scope = :scope AND name IN (SELECT CAST(value AS TEXT) FROM json_each(:ids)) ORDER BY name, day;

-- name: plan_rows
-- The plans that have no other tasks than some.
SELECT * FROM plans
WHERE id IN (SELECT plan FROM tasks WHERE id IN {chosen})
    AND NOT EXISTS (SELECT 1 FROM tasks AS other
                    WHERE other.plan = plans.id AND other.id NOT IN {chosen})
ORDER BY id;

-- name: delete_sessions
-- Delete the sessions of some tasks.
DELETE FROM sessions WHERE task IN {chosen};

-- name: delete_approvals
-- Delete the questions about some tasks.
DELETE FROM approvals WHERE task IN {chosen};

-- name: delete_changes
-- Delete the changes of some tasks.
DELETE FROM changes WHERE task IN {chosen};

-- name: delete_attempts
-- Delete the attempts of some tasks.
DELETE FROM attempts WHERE task IN {chosen};

-- name: delete_needs
-- Delete what some tasks need, and what needs them.
DELETE FROM task_needs WHERE task IN {chosen} OR need IN {chosen};

-- name: delete_tasks
-- Delete some tasks.
DELETE FROM tasks WHERE id IN {chosen};

-- name: delete_spending
-- Delete what some tasks, or some plans, have spent.
DELETE FROM spending
WHERE scope = :scope AND name IN (SELECT CAST(value AS TEXT) FROM json_each(:ids));

-- name: delete_plans
-- Delete some plans.
DELETE FROM plans WHERE id IN {chosen};

-- name: cursors
-- How far those are who read each entry of the journal once.
SELECT min(seq) AS seq, count(*) AS count FROM cursors WHERE name IN ('audit', 'outbox');

-- name: place
-- An entry of the chain.
SELECT seq, event, hash FROM seals WHERE seq = :seq;

-- name: owed
-- How many notifications are owed of the first events.
SELECT count(*) AS count FROM outbox WHERE event <= :until;

-- name: owed_first
-- The first event of which a notification is owed.
SELECT min(event) AS id FROM outbox;

-- name: first_seal
-- The first entry of the chain that is here.
SELECT min(seq) AS seq FROM seals;

-- name: delete_seals
-- Delete the first seals.
DELETE FROM seals WHERE seq <= :seq;

-- name: delete_events
-- Delete the first events.
DELETE FROM events WHERE id <= :event;
