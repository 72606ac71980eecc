-- name: get
-- One fact about this database.
SELECT value FROM meta WHERE name = :name;

-- name: put
-- Note a fact about this database, once.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: set
-- Note a fact about this database, over what was noted before.
INSERT INTO meta (name, value) VALUES (:name, :value)
ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: copy
-- Write the database, as it is at one moment, into an empty file.
VACUUM INTO :path;

-- name: check
-- Ask the database whether its file is whole.
PRAGMA quick_check(1);

-- name: checkpoint
-- Copy what the log has into the file as far as nobody reads an older moment; tells how far.
PRAGMA wal_checkpoint(PASSIVE);

-- name: shrink
-- The same with all of it, and cut the log to nothing, where nobody reads it.
PRAGMA wal_checkpoint(TRUNCATE);

-- name: sessions
-- The sessions that have kept an older moment for some time: a file has processes instead.
SELECT 0 AS pid, '' AS "user", '' AS program, '' AS state, 0 AS seconds WHERE :seconds IS NULL;

-- name: changes
-- A number that moves when another connection commits.
PRAGMA data_version;

-- name: server
-- The version of the database's program, and the moment by its clock.
SELECT sqlite_version() AS version, strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS at;

-- name: alone
-- Go on once no other transaction has said this name: a writer of SQLite is alone anyway.
SELECT :name AS name;

-- name: is_alone
-- The same where nobody has to be waited for; else it says no.
SELECT :name IS NOT NULL AS yes;

-- name: together
-- Go on once nobody says this name to be alone.
SELECT :name AS name;

-- name: ring
-- Wake the workers that listen, wherever they are; those of a file have doorbells instead.
SELECT :who AS who;
