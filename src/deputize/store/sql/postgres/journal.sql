-- name: settled_until
-- The id up to which no event can come any more; only one transaction at a time gets an answer.
SELECT events_settled_until() AS id;

-- name: jot
-- Tell what an open attempt does, fenced by its token: who closes it waits, or was first.
INSERT INTO events (at, kind, actor, task, attempt, body)
SELECT CAST(:at AS TEXT), CAST(:kind AS TEXT), CAST(:actor AS TEXT), task, id, CAST(:body AS TEXT)
FROM attempts WHERE id = :attempt AND token = :token AND finished_at IS NULL FOR SHARE;

-- name: append
-- Tell what happened, in the order in which it did. What is told alike is written as one.
INSERT INTO events (at, kind, actor, task, attempt, change, approval, worker, body)
SELECT at, kind, actor, task, attempt, change, approval, worker, body
FROM ROWS FROM (jsonb_to_recordset(CAST(:rows AS JSONB)) AS (
        at TEXT, kind TEXT, actor TEXT, task BIGINT, attempt BIGINT, change BIGINT,
        approval BIGINT, worker TEXT, body TEXT)) WITH ORDINALITY AS told
ORDER BY ordinality LIMIT :row_count;
