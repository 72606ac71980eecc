-- name: insert
-- A new task; gives its id.
INSERT INTO tasks (title, prompt, role, kind, state, held, priority, place, repo, git_dir, base,
    target, scope, agent, model, provider, checks, timeout_seconds, idle_timeout_seconds, attempts,
    not_before, key, key_digest, session, round_start, rework_count, feedback, attempt,
    cancel_requested, created_at, started_at, finished_at, result, reason, message, labels, plan,
    origin, lock, rank, share, ready_at, budget_tokens, budget_usd, root,
    host, output, commands)
VALUES (:title, :prompt, :role, :kind, :state, :held, :priority, :place, :repo, :git_dir, :base,
    :target, :scope, :agent, :model, :provider, :checks, :timeout_seconds, :idle_timeout_seconds,
    :attempts, :not_before, :key, :key_digest, :session, :round_start, :rework_count, :feedback, :attempt,
    :cancel_requested, :created_at, :started_at, :finished_at, :result, :reason, :message, :labels,
    :plan, :origin, :lock, :rank, :share, :ready_at, :budget_tokens, :budget_usd, :root,
    :host, :output, :commands)
RETURNING id;

-- name: turn
-- Where a new task of a share stands in the line of its priority: where the line is being served
-- or, where its share has been given a later place already, after that. So shares take turns,
-- however many tasks one has, and each is served in the order in which it came.
SELECT (SELECT max(rank) FROM tasks WHERE priority = :priority AND started_at IS NOT NULL) AS served,
    (SELECT max(rank) FROM tasks WHERE share = :share AND priority = :priority) AS tail;

-- name: start
-- An attempt of a task began: all that a claim changes, and so few entries of indexes to write.
UPDATE tasks SET state = :state, attempt = :attempt, not_before = :not_before, started_at = :started_at
WHERE id = :id;

-- name: end
-- A task ended: all that an end changes.
UPDATE tasks SET state = :state, attempt = :attempt, cancel_requested = :cancel_requested,
    feedback = :feedback, finished_at = :finished_at, result = :result, reason = :reason,
    message = :message
WHERE id = :id;

-- name: save
-- Write what may change of a task back, whole; what was asked stays as it was asked.
UPDATE tasks SET title = :title, role = :role, state = :state, held = :held, priority = :priority,
    base = :base, agent = :agent, model = :model, timeout_seconds = :timeout_seconds,
    idle_timeout_seconds = :idle_timeout_seconds, attempts = :attempts, not_before = :not_before,
    session = :session, round_start = :round_start, rework_count = :rework_count, feedback = :feedback, attempt = :attempt,
    cancel_requested = :cancel_requested, started_at = :started_at, finished_at = :finished_at,
    result = :result, reason = :reason, message = :message,
    ready_at = coalesce(:ready_at, ready_at)
WHERE id = :id;

-- name: reword
-- Write what was asked anew, of a task that nobody has begun.
UPDATE tasks SET prompt = :prompt, labels = :labels, provider = :provider,
    budget_tokens = :budget_tokens, budget_usd = :budget_usd, rank = coalesce(:rank, rank),
    ready_at = coalesce(:ready_at, ready_at)
WHERE id = :id AND started_at IS NULL;

-- name: get
-- One task.
SELECT * FROM tasks WHERE id = :id;

-- name: lock
-- One task, to be moved in this transaction.
{get};

-- name: lock_all
-- Tasks, to be moved in this transaction; :ids is a JSON array of numbers.
SELECT id FROM tasks WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids));

-- name: keep
-- One task, which stays as it is until this transaction ends.
{get};

-- name: by_key
-- The task that was added with this key.
SELECT * FROM tasks WHERE key = :key;

-- name: latest
-- The newest task.
SELECT * FROM tasks ORDER BY id DESC LIMIT 1;

-- name: open
-- The tasks that are not final, oldest first; a NULL filter lets everything through.
SELECT * FROM tasks WHERE finished_at IS NULL
    AND (:plan IS NULL OR plan = :plan) AND {narrowed}
ORDER BY +id LIMIT :limit;

-- name: final
-- The tasks that are final, oldest first: what is needed stands before what needs it.
SELECT * FROM tasks WHERE finished_at IS NOT NULL
    AND (:plan IS NULL OR plan = :plan) AND {narrowed}
ORDER BY id LIMIT :limit;

-- name: failed
-- The tasks that failed, newest first: a query of its own, so that their index serves it.
SELECT * FROM tasks WHERE state = 'failed' AND {narrowed} ORDER BY id DESC LIMIT :limit;

-- name: failed_first
-- The same, oldest first.
SELECT * FROM tasks WHERE state = 'failed' AND {narrowed} ORDER BY id LIMIT :limit;

-- name: listing
-- Tasks, newest first; a NULL filter lets everything through.
SELECT * FROM tasks WHERE {narrowed} ORDER BY id DESC LIMIT :limit;

-- name: listing_of_plan
-- The same of one plan: a query of its own, so that the plan's index serves it.
SELECT * FROM tasks WHERE plan = :plan AND {narrowed} ORDER BY id DESC LIMIT :limit;

-- name: narrowed
-- What a listing is narrowed to (no query of its own).
(:state IS NULL OR state = :state)
    AND (:reason IS NULL OR reason = :reason)
    AND (:role IS NULL OR role = :role)
    AND (:agent IS NULL OR agent = :agent)
    AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
         WHERE label.value = :label))
    AND (:since IS NULL OR created_at >= :since)
    AND (:ended_since IS NULL OR finished_at >= :ended_since);

-- name: unfinished_of
-- How many of these tasks are not final yet; :ids is a JSON array of numbers.
SELECT count(*) AS count FROM tasks
WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) AND finished_at IS NULL;

-- name: of_plan
-- All tasks of a plan, first to last.
SELECT * FROM tasks WHERE plan = :plan ORDER BY id;

-- name: ready
-- What has to be so of a task that a worker may take (no query of its own): nobody's approval is
-- open for it, nobody has its lock, its role is among :roles and its repository on :host. :roles is a
-- JSON array of texts; NULL takes any role, and any host.
finished_at IS NULL AND state = 'queued' AND held = 0
    AND (not_before IS NULL OR not_before <= :now)
    AND (:roles IS NULL OR role IN (SELECT value FROM json_each(:roles)))
    AND (:host IS NULL OR host IS NULL OR host = :host)
    AND (lock IS NULL OR lock NOT IN (
         SELECT other.lock FROM tasks AS other
         WHERE other.state = 'running' AND other.lock IS NOT NULL))
    AND NOT EXISTS (SELECT 1 FROM approvals
                    WHERE approvals.task = tasks.id AND approvals.state = 'open')

-- name: reach
-- The same where something is barred (no query of its own). NULL bars nothing; what a limit has
-- dried up is no bar for agents that another may take over from.
{ready}
    AND (:no_roles IS NULL OR role NOT IN (SELECT value FROM json_each(:no_roles)))
    AND (:no_agents IS NULL OR agent NOT IN (SELECT value FROM json_each(:no_agents)))
    AND (:no_providers IS NULL OR provider IS NULL
         OR provider NOT IN (SELECT value FROM json_each(:no_providers)))
    AND (:dry_agents IS NULL OR agent NOT IN (SELECT value FROM json_each(:dry_agents))
         OR agent IN (SELECT value FROM json_each(:replaceable)))
    AND (:dry_providers IS NULL OR provider IS NULL
         OR provider NOT IN (SELECT value FROM json_each(:dry_providers))
         OR agent IN (SELECT value FROM json_each(:replaceable)))
    AND (:passed IS NULL OR CAST(id AS TEXT) NOT IN (SELECT value FROM json_each(:passed)))
    AND (:no_plans IS NULL OR plan IS NULL
         OR CAST(plan AS TEXT) NOT IN (SELECT value FROM json_each(:no_plans)))
    AND (:no_repositories IS NULL OR git_dir IS NULL
         OR git_dir NOT IN (SELECT value FROM json_each(:no_repositories)))
    AND (:no_labels IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
         WHERE label.value IN (SELECT value FROM json_each(:no_labels))))

-- name: may_take
-- Whether a worker takes any task (no query of its own): it runs, and nobody drains it.
EXISTS (SELECT 1 FROM workers
        WHERE workers.id = :worker AND workers.stopped_at IS NULL AND workers.draining = 0)

-- name: fronts
-- The first task of each priority that this worker may take, where nothing is barred.
SELECT front.*
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS line
JOIN tasks AS front ON front.id = (
    SELECT id FROM tasks WHERE priority = line.column1 AND {ready} ORDER BY rank, id LIMIT 1)
WHERE {may_take};

-- name: fronts_in_reach
-- The same where something is barred: a query of its own, for it takes far more to plan.
SELECT front.*
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS line
JOIN tasks AS front ON front.id = (
    SELECT id FROM tasks WHERE priority = line.column1 AND {reach} ORDER BY rank, id LIMIT 1)
WHERE {may_take};

-- name: lines
-- What tells which tasks come next, line by line (no query of its own).
SELECT front.id, front.priority, front.rank, front.ready_at,
    (front.lock IS NULL AND front.budget_tokens IS NULL AND front.budget_usd IS NULL) AS is_plain
FROM (VALUES (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) AS line

-- name: nothing_is_closed
-- Whether no barrier stands (no query of its own).
NOT EXISTS (SELECT 1 FROM barriers WHERE until IS NULL OR until > :now)

-- name: free
-- The first :count tasks of each priority that this worker may take, where nothing at all is closed.
{lines}
JOIN tasks AS front ON front.id IN (
    SELECT id FROM tasks WHERE priority = line.column1 AND {ready} ORDER BY rank, id LIMIT :count)
WHERE {may_take} AND {nothing_is_closed};

-- name: take
-- Tasks that were found just now, to be moved in this transaction, where they are still ready; :ids is
-- a JSON array of numbers. NOT INDEXED: they are looked up by their ids, not searched for in the line.
SELECT * FROM tasks NOT INDEXED
WHERE id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids)) AND {ready};

-- name: claimable
-- The first task of a priority that a worker may take, to be moved in this transaction.
SELECT * FROM tasks WHERE priority = :priority AND {reach} ORDER BY rank, id LIMIT 1;

-- name: busy
-- What the running tasks occupy; an agent that took over stands for the one that was asked for.
SELECT tasks.id, tasks.role, attempts.agent, attempts.provider, tasks.git_dir, tasks.labels, tasks.lock
FROM tasks JOIN attempts ON attempts.id = tasks.attempt
WHERE tasks.finished_at IS NULL AND tasks.state = 'running';

-- name: ready_since
-- Since when a task could have been taken.
SELECT ready_at FROM tasks WHERE id = :id;

-- name: in_place
-- The task that works in a checkout of this branch right now.
SELECT id FROM tasks WHERE finished_at IS NULL AND state = 'running' AND place = 'in_place'
    AND git_dir = :git_dir AND target = :target LIMIT 1;

-- name: oldest_ready
-- Since when the task that waits longest could have been taken.
SELECT min(ready_at) AS at FROM tasks
WHERE finished_at IS NULL AND state = 'queued' AND held = 0 AND ready_at <= :now;

-- name: delayed
-- The queued tasks that may not start yet.
SELECT * FROM tasks
WHERE finished_at IS NULL AND state = 'queued' AND not_before > :now ORDER BY id;

-- name: next_start
-- When the next delayed task may start.
SELECT min(not_before) AS at FROM tasks
WHERE finished_at IS NULL AND state = 'queued' AND held = 0 AND not_before > :now;

-- name: add_need
-- This task needs that one.
INSERT INTO task_needs (task, need, "on") VALUES (:task, :need, :on);

-- name: needs
-- What a task needs, and how far those are.
SELECT task_needs.need AS id, task_needs."on" AS "on", tasks.state AS state
FROM task_needs JOIN tasks ON tasks.id = task_needs.need
WHERE task_needs.task = :task ORDER BY task_needs.need;

-- name: dependents
-- The tasks that need this one, in the order of their ids.
SELECT tasks.* FROM tasks JOIN task_needs ON task_needs.task = tasks.id
WHERE task_needs.need = :need ORDER BY tasks.id;

-- name: lock_dependents
-- The same, to be moved in this transaction.
{dependents};

-- name: descendants
-- All that needs a task, or needs what needs it, locked in the order of their ids.
SELECT id FROM tasks WHERE id IN (
    WITH RECURSIVE waiting (task) AS (
        SELECT task FROM task_needs WHERE need = :need
        UNION SELECT task_needs.task FROM task_needs JOIN waiting ON task_needs.need = waiting.task)
    SELECT task FROM waiting)
ORDER BY id;

-- name: counts
-- How many tasks are in each state that is not final.
SELECT state, count(*) AS count FROM tasks WHERE finished_at IS NULL GROUP BY state;

-- name: pinned
-- The base commits of a repository that live tasks still start from.
SELECT DISTINCT base FROM tasks
WHERE git_dir = :git_dir AND base IS NOT NULL AND finished_at IS NULL;

-- name: repositories
-- The git directory of every repository that a task was ever queued for.
SELECT DISTINCT git_dir FROM tasks WHERE git_dir IS NOT NULL ORDER BY git_dir;

-- name: ended
-- Where the tasks started whose end the journal tells after one event and up to another.
SELECT DISTINCT tasks.git_dir AS git_dir, tasks.base AS base
FROM events JOIN tasks ON tasks.id = events.task
WHERE events.id > :after AND events.id <= :until
  AND events.kind IN ('task.done', 'task.failed', 'task.cancelled')
  AND tasks.git_dir IS NOT NULL AND tasks.base IS NOT NULL;
