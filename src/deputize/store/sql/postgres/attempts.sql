-- name: lock
-- One attempt, to be written in this transaction.
{get} FOR NO KEY UPDATE;

-- name: leaving
-- What is looked at where attempts end, of tasks that are locked already.
{with_task} WHERE attempts.id = ANY (CAST(translate(:ids, '[]', '{}') AS BIGINT[]));

-- name: insert
-- New attempts, each with the next number of its task; gives id, number and task of each.
INSERT INTO attempts (task, number, token, worker, lease_expires_at, agent, provider, model, base, session,
    workspace, processes, started_at, finished_at, outcome, exit_code, error, input_tokens,
    output_tokens, cached_tokens, reasoning_tokens, cost_usd, tools, summary, log, saved_ref, ready_at)
SELECT task, (SELECT coalesce(max(number), 0) + 1 FROM attempts WHERE attempts.task = told.task),
    token, worker, lease_expires_at, agent, provider, model, base, session,
    workspace, processes, started_at, finished_at, outcome, exit_code, error, input_tokens,
    output_tokens, cached_tokens, reasoning_tokens, cost_usd, tools, summary, log, saved_ref,
    (SELECT tasks.ready_at FROM tasks WHERE tasks.id = told.task)
FROM jsonb_to_recordset(CAST(:rows AS JSONB)) AS told (
        task BIGINT, token TEXT, worker TEXT, lease_expires_at TEXT, agent TEXT, provider TEXT,
        model TEXT, base TEXT, session TEXT, workspace TEXT, processes TEXT, started_at TEXT,
        finished_at TEXT, outcome TEXT, exit_code BIGINT, error TEXT, input_tokens BIGINT,
        output_tokens BIGINT, cached_tokens BIGINT, reasoning_tokens BIGINT, cost_usd TEXT, tools TEXT,
        summary TEXT, log TEXT,
        saved_ref TEXT)
LIMIT :row_count
RETURNING id, number, task;

-- name: end
-- Close attempts, fenced by their tokens. What is told alike is written as one.
UPDATE attempts SET finished_at = told.finished_at, outcome = told.outcome,
    exit_code = told.exit_code, error = told.error, input_tokens = told.input_tokens,
    output_tokens = told.output_tokens, cached_tokens = told.cached_tokens,
    reasoning_tokens = told.reasoning_tokens,
    cost_usd = told.cost_usd, tools = told.tools, summary = told.summary,
    session = coalesce(told.session, attempts.session),
    model = coalesce(told.model, attempts.model),
    saved_ref = coalesce(told.saved_ref, attempts.saved_ref)
FROM (SELECT * FROM jsonb_to_recordset(CAST(:rows AS JSONB)) AS row (
        id BIGINT, token TEXT, finished_at TEXT, outcome TEXT, exit_code BIGINT, error TEXT,
        input_tokens BIGINT, output_tokens BIGINT, cached_tokens BIGINT, reasoning_tokens BIGINT,
        cost_usd TEXT, tools TEXT,
        summary TEXT, session TEXT, model TEXT, saved_ref TEXT)
      LIMIT :row_count) AS told
WHERE attempts.id = told.id AND attempts.token = told.token AND attempts.finished_at IS NULL;
