-- name: insert
-- A new plan; gives its id.
INSERT INTO plans (title, origin, key, key_digest, created_at, judge, judge_agent, judge_model,
    judge_provider)
VALUES (:title, :origin, :key, :key_digest, :created_at, :judge, :judge_agent, :judge_model,
    :judge_provider)
RETURNING id;

-- name: get
-- One plan.
SELECT * FROM plans WHERE id = :id;

-- name: lock
-- One plan, one of whose tasks is moved in this transaction.
SELECT * FROM plans WHERE id = :id;

-- name: choose
-- Of the tasks that race, this change is to land.
UPDATE plans SET chosen = :chosen WHERE id = :id;

-- name: ask
-- An agent judges the tasks that race, in this task of its own; :compared is a JSON array of changes.
UPDATE plans SET judging = :judging, compared = :compared WHERE id = :id;

-- name: judges
-- How many tasks in which a plan was judged have ended, and how.
SELECT state, count(*) AS count FROM tasks
WHERE plan = :plan AND origin = :origin AND finished_at IS NOT NULL GROUP BY state;

-- name: by_key
-- The plan that was submitted with this key.
SELECT * FROM plans WHERE key = :key;

-- name: counts
-- How many of a plan's tasks are in each state; reads its part of the index alone.
SELECT state, count(*) AS count FROM tasks WHERE plan = :plan GROUP BY state;

-- name: dependents
-- Who waits for tasks of a plan, and for what of them.
SELECT task_needs.need AS need, task_needs.task AS task, task_needs."on" AS "on"
FROM tasks JOIN task_needs ON task_needs.need = tasks.id
WHERE tasks.plan = :plan ORDER BY task_needs.need, task_needs.task;
