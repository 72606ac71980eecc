-- name: closed
-- What is closed now.
SELECT * FROM gates WHERE until IS NULL OR until > :now ORDER BY kind, name, cause;

-- name: close
-- Close something; a limit that is told again ends at the later moment.
INSERT INTO gates (kind, name, cause, since, until, "by", reason)
VALUES (:kind, :name, :cause, :since, :until, :by, :reason)
ON CONFLICT (kind, name, cause) DO UPDATE SET
    since = CASE WHEN gates.until IS NULL OR gates.until > excluded.since
            THEN gates.since ELSE excluded.since END,
    until = CASE WHEN gates.until IS NULL OR gates.until < excluded.until
            THEN excluded.until ELSE gates.until END,
    "by" = excluded."by", reason = excluded.reason;

-- name: open
-- Open what was closed.
DELETE FROM gates WHERE kind = :kind AND name = :name AND cause = :cause;

-- name: next_opening
-- When the next limit ends.
SELECT min(until) AS at FROM gates WHERE until > :now;
