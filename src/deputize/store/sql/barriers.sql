-- name: closed
-- What is closed now.
SELECT * FROM barriers WHERE until IS NULL OR until > :now ORDER BY kind, name, cause;

-- name: close
-- Close something; a limit that is told again ends at the later moment.
INSERT INTO barriers (kind, name, cause, since, until, "by", reason)
VALUES (:kind, :name, :cause, :since, :until, :by, :reason)
ON CONFLICT (kind, name, cause) DO UPDATE SET
    since = CASE WHEN barriers.until IS NULL OR barriers.until > excluded.since
            THEN barriers.since ELSE excluded.since END,
    until = CASE WHEN barriers.until IS NULL OR barriers.until < excluded.until
            THEN excluded.until ELSE barriers.until END,
    "by" = excluded."by", reason = excluded.reason;

-- name: open
-- Open what is closed; a limit that has ended is open already.
DELETE FROM barriers WHERE kind = :kind AND name = :name AND cause = :cause
    AND (until IS NULL OR until > :now);

-- name: next_opening
-- When the next limit ends.
SELECT min(until) AS at FROM barriers WHERE until > :now;
