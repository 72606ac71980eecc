-- name: present
-- Whether this schema has ever been migrated.
SELECT 1 AS yes FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'migrations';

-- name: foreign
-- Whether this is the schema of another program.
SELECT 1 AS yes WHERE EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema())
    AND NOT EXISTS (SELECT 1 FROM pg_tables
                    WHERE schemaname = current_schema() AND tablename = 'seals');
