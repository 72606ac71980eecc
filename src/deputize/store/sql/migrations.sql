-- name: present
-- Whether this database has ever been migrated.
SELECT 1 AS yes FROM sqlite_schema WHERE type = 'table' AND name = 'migrations';

-- name: foreign
-- Whether this is the database of another program.
SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM sqlite_schema)
    AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'seals');

-- name: tables
-- The names of all tables, as they are written in a statement.
SELECT '"' || name || '"' AS name FROM sqlite_schema WHERE type = 'table' ORDER BY name;

-- name: version
-- The newest migration that this database has.
SELECT coalesce(max(number), 0) AS number FROM migrations;

-- name: record
-- Note a migration in the transaction that carried it out.
INSERT INTO migrations (number, name, applied_at) VALUES (:number, :name, :now);

-- name: recorded
-- The migrations that this database has had.
SELECT number, name FROM migrations ORDER BY number;

-- name: parts
-- The names of its indexes and triggers.
SELECT name FROM sqlite_schema WHERE type IN ('index', 'trigger');
