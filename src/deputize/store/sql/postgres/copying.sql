-- name: tables
-- All tables but the record of the migrations, which each database has of its own.
SELECT tablename AS name FROM pg_tables
WHERE schemaname = current_schema() AND tablename <> 'migrations' ORDER BY tablename;

-- name: numbered
-- The tables whose ids are given out by a sequence.
SELECT table_name AS name FROM information_schema.columns
WHERE table_schema = current_schema() AND column_name = 'id' AND is_identity = 'YES';

-- name: defer
-- Look at references only at the end of this transaction.
SET CONSTRAINTS ALL DEFERRED;

-- name: go_on
-- Give out ids from the highest one on.
SELECT setval(pg_get_serial_sequence('$table', 'id'), greatest(coalesce(max(id), 0), 1),
    count(*) > 0) AS id FROM $table;
