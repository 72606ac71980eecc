-- name: get
-- One fact about this database.
SELECT value FROM meta WHERE name = :name;

-- name: put
-- Note a fact about this database, once.
INSERT INTO meta (name, value) VALUES (:name, :value) ON CONFLICT DO NOTHING;

-- name: check
-- Ask the database whether its file is whole.
PRAGMA quick_check(1);
