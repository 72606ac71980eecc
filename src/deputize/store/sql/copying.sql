-- name: tables
-- All tables but the record of the migrations, which each database has of its own.
SELECT name FROM sqlite_schema
WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' AND name <> 'migrations'
ORDER BY name;

-- name: numbered
-- The tables whose ids are given out by something that has to be told of the highest one.
SELECT name FROM sqlite_schema WHERE 1 = 0;

-- name: defer
-- Look at references only at the end of this transaction.
PRAGMA defer_foreign_keys = ON;

-- name: forget
-- Forget the facts about this database: it gets those of another.
DELETE FROM meta;

-- name: count
-- How many rows a table has.
SELECT count(*) AS count FROM $table;

-- name: rows
-- All rows of a table.
SELECT * FROM $table;

-- name: row
-- One row of a table, as it was elsewhere.
INSERT INTO $table ($columns) VALUES ($values);

-- name: go_on
-- Give out ids from the highest one on.
SELECT coalesce(max(id), 0) AS id FROM $table;
