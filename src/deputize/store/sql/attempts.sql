-- name: insert
-- A new attempt with the next number of its task; gives both.
INSERT INTO attempts (task, number, token, worker, lease_expires_at, agent, provider, model, base, session,
    workspace, processes, started_at, finished_at, outcome, exit_code, error, input_tokens,
    output_tokens, cached_tokens, reasoning_tokens, cost_usd, tools, summary, log, saved_ref, ready_at)
VALUES (:task, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE task = :task), :token, :worker, :lease_expires_at, :agent, :provider, :model, :base, :session,
    :workspace, :processes, :started_at, :finished_at, :outcome, :exit_code, :error, :input_tokens,
    :output_tokens, :cached_tokens, :reasoning_tokens, :cost_usd, :tools, :summary, :log, :saved_ref,
    (SELECT tasks.ready_at FROM tasks WHERE tasks.id = :task))
RETURNING id, number, task;

-- name: save
-- Write what may change of an open attempt back, fenced by its token; no row means the lease is lost.
UPDATE attempts SET lease_expires_at = :lease_expires_at, agent = :agent, model = :model,
    base = :base, session = :session,
    workspace = :workspace, processes = :processes, finished_at = :finished_at, outcome = :outcome,
    exit_code = :exit_code, error = :error, input_tokens = :input_tokens,
    output_tokens = :output_tokens, cached_tokens = :cached_tokens, reasoning_tokens = :reasoning_tokens,
    cost_usd = :cost_usd,
    tools = :tools, summary = :summary, log = :log, saved_ref = :saved_ref,
    sandbox = :sandbox
WHERE id = :id AND token = :token AND finished_at IS NULL;

-- name: with_task
-- An attempt's task, how far the attempt has come, and whether a person was asked something about the
-- task, or another task needs it (no query of its own).
SELECT tasks.*, attempts.id AS leaving, attempts.token, attempts.finished_at AS closed_at,
    attempts.input_tokens, attempts.output_tokens, attempts.cached_tokens, attempts.reasoning_tokens,
    attempts.cost_usd,
    EXISTS (SELECT 1 FROM approvals
            WHERE approvals.task = tasks.id AND approvals.state = 'open') AS is_asked,
    EXISTS (SELECT 1 FROM task_needs WHERE task_needs.need = tasks.id) AS is_needed
FROM attempts JOIN tasks ON tasks.id = attempts.task

-- name: leaving
-- What is looked at where attempts end; :ids is a JSON array of numbers.
{with_task} WHERE attempts.id IN (SELECT CAST(value AS BIGINT) FROM json_each(:ids));

-- name: end
-- Close an attempt, fenced by its token; what isn't told anew stays.
UPDATE attempts SET finished_at = :finished_at, outcome = :outcome, exit_code = :exit_code,
    error = :error, input_tokens = :input_tokens, output_tokens = :output_tokens,
    cached_tokens = :cached_tokens, reasoning_tokens = :reasoning_tokens,
    cost_usd = :cost_usd, tools = :tools, summary = :summary,
    session = coalesce(:session, session), model = coalesce(:model, model),
    saved_ref = coalesce(:saved_ref, saved_ref)
WHERE id = :id AND token = :token AND finished_at IS NULL;

-- name: use
-- Write what an open attempt has used so far, fenced by its token.
UPDATE attempts SET input_tokens = :input_tokens, output_tokens = :output_tokens,
    cached_tokens = :cached_tokens, reasoning_tokens = :reasoning_tokens,
    cost_usd = :cost_usd
WHERE id = :id AND token = :token AND finished_at IS NULL;

-- name: began
-- Note when an attempt's agent began, the first time.
UPDATE attempts SET begun_at = :now WHERE id = :id AND begun_at IS NULL;

-- name: renew
-- Extend a lease, fenced by its token; what isn't known anew of what the attempt does stays.
UPDATE attempts SET lease_expires_at = :lease_expires_at, activity = coalesce(:activity, activity)
WHERE id = :id AND token = :token AND finished_at IS NULL;

-- name: get
-- One attempt.
SELECT * FROM attempts WHERE id = :id;

-- name: lock
-- One attempt, to be written in this transaction.
{get};

-- name: of_task
-- All attempts of a task, first to last.
SELECT * FROM attempts WHERE task = :task ORDER BY number;

-- name: open
-- Every open attempt; the sign lets SQLite see that the few open ones are sorted sooner than all read.
SELECT * FROM attempts WHERE finished_at IS NULL ORDER BY +id;

-- name: of_worker
-- The open attempts of a worker.
SELECT * FROM attempts WHERE worker = :worker AND finished_at IS NULL ORDER BY +id;

-- name: numbers
-- How many attempts a task has had.
SELECT coalesce(max(number), 0) AS number FROM attempts WHERE task = :task;

-- name: leftovers
-- Finished attempts whose workspace was not removed yet.
SELECT * FROM attempts WHERE workspace IS NOT NULL AND removed_at IS NULL
    AND finished_at IS NOT NULL ORDER BY id;

-- name: workspace_removed
-- Note that an attempt's workspace is gone.
UPDATE attempts SET removed_at = :now WHERE id = :id;
