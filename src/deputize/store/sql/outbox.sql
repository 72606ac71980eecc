-- name: put
-- A notification to deliver.
INSERT INTO outbox (event, channel, tries, not_before) VALUES (:event, :channel, 0, :now)
ON CONFLICT DO NOTHING;

-- name: due
-- Notifications whose time has come, oldest first.
SELECT * FROM outbox WHERE not_before <= :now ORDER BY not_before, event LIMIT :limit;

-- name: later
-- A delivery failed: once more, later.
UPDATE outbox SET tries = tries + 1, not_before = :not_before, error = :error
WHERE event = :event AND channel = :channel;

-- name: take
-- A delivery succeeded, or was given up.
DELETE FROM outbox WHERE event = :event AND channel = :channel;
