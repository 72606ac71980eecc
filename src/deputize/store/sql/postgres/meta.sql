-- name: check
-- An index that PostgreSQL itself takes for unfinished or broken.
SELECT coalesce(
    (SELECT 'the index ' || indexrelid::regclass::text || ' is not valid'
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relnamespace = current_schema()::regnamespace AND NOT indisvalid LIMIT 1),
    'ok') AS quick_check;

-- name: changes
-- A number that moves when another connection begins to write, and when it commits.
SELECT hashtextextended(pg_current_snapshot()::text, 0) AS data_version;

-- name: server
-- The version of the server, and the moment by its clock.
SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
    to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at;

-- name: alone
-- Go on once no other open transaction has said this name.
SELECT pg_advisory_xact_lock(1684368502, hashtext(:name));

-- name: is_alone
-- The same where nobody has to be waited for; else it says no.
SELECT pg_try_advisory_xact_lock(1684368502, hashtext(:name)) AS yes;

-- name: together
-- Go on once no open transaction has said this name to be alone; others may say this too.
SELECT pg_advisory_xact_lock_shared(1684368502, hashtext(:name));

-- name: ring
-- Wake the workers that listen, wherever they are, once this transaction ends.
SELECT pg_notify('deputize', :who);

-- name: sessions
-- The sessions whose transaction has kept an older moment, or row locks, for that long, and
-- transactions that were prepared and forgotten: dead rows can't be cleared away behind them.
SELECT pid, coalesce(usename::TEXT, '') AS "user", coalesce(application_name, '') AS program,
    coalesce(state, '') AS state,
    extract(epoch FROM clock_timestamp() - xact_start)::BIGINT AS seconds
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL)
    AND xact_start <= clock_timestamp() - make_interval(secs => :seconds)
UNION ALL
SELECT 0, owner::TEXT, gid, 'prepared', extract(epoch FROM clock_timestamp() - prepared)::BIGINT
FROM pg_prepared_xacts
WHERE database = current_database()
    AND prepared <= clock_timestamp() - make_interval(secs => :seconds)
ORDER BY seconds DESC;
