-- name: insert
-- A new question; gives its id.
INSERT INTO approvals (about, subject, digest, task, change, git_dir, reason, risk, state, asked_at,
    deadline_at, answered_at, answered_by, answer, rule, reach, consents)
VALUES (:about, :subject, :digest, :task, :change, :git_dir, :reason, :risk, :state, :asked_at,
    :deadline_at, :answered_at, :answered_by, :answer, :rule, :reach,
    :consents)
RETURNING id;

-- name: answer
-- Close an open question.
UPDATE approvals SET state = :state, answered_at = :now, answered_by = :by, answer = :answer,
    reach = :reach
WHERE id = :id AND state = 'open';

-- name: consent
-- Note who has said yes so far to an open question.
UPDATE approvals SET consents = :consents WHERE id = :id AND state = 'open';

-- name: get
-- One question.
SELECT * FROM approvals WHERE id = :id;

-- name: open
-- The open questions, oldest first; a NULL filter lets everything through.
SELECT approvals.* FROM approvals LEFT JOIN tasks ON tasks.id = approvals.task
WHERE approvals.state = 'open'
  AND (:role IS NULL OR tasks.role = :role)
  AND (:agent IS NULL OR tasks.agent = :agent)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
       WHERE label.value = :label))
  AND (:plan IS NULL OR tasks.plan = :plan)
  AND (:since IS NULL OR approvals.asked_at >= :since)
ORDER BY approvals.id LIMIT :limit;

-- name: listing
-- The questions in one state, newest first; a NULL filter lets everything through.
SELECT approvals.* FROM approvals LEFT JOIN tasks ON tasks.id = approvals.task
WHERE approvals.state = :state
  AND (:role IS NULL OR tasks.role = :role)
  AND (:agent IS NULL OR tasks.agent = :agent)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
       WHERE label.value = :label))
  AND (:plan IS NULL OR tasks.plan = :plan)
  AND (:since IS NULL OR approvals.asked_at >= :since)
ORDER BY approvals.id DESC LIMIT :limit;

-- name: open_of_task
-- The open questions of a task.
SELECT * FROM approvals WHERE state = 'open' AND task = :task ORDER BY id;

-- name: of_task
-- All questions of a task.
SELECT * FROM approvals WHERE task = :task ORDER BY id;

-- name: overdue
-- The open questions whose deadline has passed.
SELECT * FROM approvals WHERE state = 'open' AND about = 'call' AND deadline_at <= :now ORDER BY id;
