-- name: insert
-- A new change; gives its id.
INSERT INTO changes (task, attempt, state, repo, git_dir, target, base, head, tree, files, added,
    removed, risk, risk_reasons, reason, approved_tree, tip, candidate, checks, landed_commit,
    batch, created_at, settled_at)
VALUES (:task, :attempt, :state, :repo, :git_dir, :target, :base, :head, :tree, :files, :added,
    :removed, :risk, :risk_reasons, :reason, :approved_tree, :tip, :candidate, :checks,
    :landed_commit, :batch, :created_at, :settled_at)
RETURNING id;

-- name: save
-- Write what may change of a change back.
UPDATE changes SET state = :state, risk = :risk, risk_reasons = :risk_reasons, reason = :reason,
    approved_tree = :approved_tree, tip = :tip, candidate = :candidate, checks = :checks,
    landed_commit = :landed_commit, batch = :batch, settled_at = :settled_at
WHERE id = :id;

-- name: get
-- One change.
SELECT * FROM changes WHERE id = :id;

-- name: lock
-- One change, to be moved in this transaction.
{get};

-- name: of_task
-- The changes of a task, first to last.
SELECT * FROM changes WHERE task = :task ORDER BY id;

-- name: latest_of_task
-- The newest change of a task.
SELECT * FROM changes WHERE task = :task ORDER BY id DESC LIMIT 1;

-- name: open
-- Every change that is not settled, in the order in which it came.
SELECT * FROM changes WHERE state IN ('proposed', 'awaiting_approval', 'queued', 'checking')
ORDER BY id;

-- name: listing
-- Changes, newest first; a NULL filter lets everything through. Role, agent and
-- label are the task's.
SELECT changes.* FROM changes JOIN tasks ON tasks.id = changes.task
WHERE (:state IS NULL OR changes.state = :state)
  AND (:role IS NULL OR tasks.role = :role)
  AND (:agent IS NULL OR tasks.agent = :agent)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
       WHERE label.value = :label))
  AND (:plan IS NULL OR tasks.plan = :plan)
  AND (:since IS NULL OR changes.created_at >= :since)
ORDER BY changes.id DESC LIMIT :limit;
