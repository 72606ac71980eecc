-- name: insert
-- A worker began.
INSERT INTO workers (id, identity, host, roles, slots, started_at, seen_at, draining, stopped_at,
    doorbell)
VALUES (:id, :identity, :host, :roles, :slots, :started_at, :seen_at, :draining, :stopped_at,
    :doorbell);

-- name: seen
-- A worker is alive, and its writes have waited for that long.
UPDATE workers SET seen_at = :now, write_count = :write_count, waited_count = :waited_count,
    waited_seconds = :waited_seconds, longest_seconds = :longest_seconds
WHERE id = :id AND stopped_at IS NULL;

-- name: drain
-- A worker takes no more tasks.
UPDATE workers SET draining = 1 WHERE id = :id AND stopped_at IS NULL AND draining = 0;

-- name: stop
-- A worker ended, or was found dead.
UPDATE workers SET stopped_at = :now WHERE id = :id AND stopped_at IS NULL;

-- name: live
-- The workers that have not stopped, as far as we know.
SELECT * FROM workers WHERE stopped_at IS NULL ORDER BY started_at;

-- name: listing
-- The workers that have not stopped and take a role, oldest first; NULL lets everything through.
SELECT * FROM workers
WHERE stopped_at IS NULL
  AND (:role IS NULL OR roles = '[]'
       OR EXISTS (SELECT 1 FROM json_each(workers.roles) WHERE value = :role))
  AND (:since IS NULL OR started_at >= :since)
ORDER BY started_at;

-- name: get
-- One worker.
SELECT * FROM workers WHERE id = :id;

-- name: lease
-- Take a lease that is free, run out, or ours already; no row means somebody else holds it.
INSERT INTO leases (name, holder, token, expires_at) VALUES (:name, :holder, :token, :expires_at)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = excluded.token,
    expires_at = excluded.expires_at
WHERE leases.expires_at <= :now OR leases.token = excluded.token
    OR EXISTS (SELECT 1 FROM workers WHERE workers.id = leases.holder
               AND workers.stopped_at IS NOT NULL);

-- name: held
-- Whether somebody else holds a lease.
SELECT 1 AS yes FROM leases JOIN workers ON workers.id = leases.holder
WHERE leases.name = :name AND leases.token <> :token AND leases.expires_at > :now
    AND workers.stopped_at IS NULL;

-- name: holds
-- Whether this token still holds the lease.
SELECT 1 AS yes FROM leases WHERE name = :name AND token = :token AND expires_at > :now;

-- name: give_back
-- Give a lease back.
DELETE FROM leases WHERE name = :name AND token = :token;

-- name: lapsed
-- The named leases that ran out before a moment: whoever held them did not give them back.
SELECT name, holder, expires_at FROM leases WHERE expires_at <= :before ORDER BY name;

-- name: forget_lapsed
-- Take a lease away that ran out before a moment.
DELETE FROM leases WHERE name = :name AND expires_at <= :before;
