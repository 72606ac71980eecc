-- name: present
-- Whether this schema has ever been migrated.
SELECT 1 AS yes FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations';

-- name: foreign
-- Whether this is the schema of another program.
SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())
    AND NOT EXISTS (SELECT 1 FROM pg_tables
                    WHERE schemaname = current_schema() AND tablename = 'seals');

-- name: parts
-- The names of its indexes and triggers, the system's own left out.
SELECT indexname::TEXT AS name FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT tgname::TEXT FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = current_schema()::regnamespace AND NOT tgisinternal;

-- name: tables
-- The names of all tables of this schema, as they are written in a statement.
SELECT quote_ident(tablename) AS name FROM pg_tables
WHERE schemaname = current_schema() ORDER BY tablename;
