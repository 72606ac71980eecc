-- name: use
-- Note that an attempt works in a session, which may be new.
INSERT INTO sessions (agent, token, task, attempt, started_at, used_at, repo, host, provider,
    provider_type, base_url, allow_all)
VALUES (:agent, :token, :task, :attempt, :now, :now,
    (SELECT tasks.repo FROM tasks WHERE tasks.id = :task), :host, :provider, :provider_type,
    :base_url, :allow_all)
ON CONFLICT (agent, token) DO UPDATE SET task = excluded.task, attempt = excluded.attempt,
    used_at = excluded.used_at, repo = excluded.repo, host = excluded.host,
    provider = excluded.provider, provider_type = excluded.provider_type,
    base_url = excluded.base_url, allow_all = excluded.allow_all;

-- name: begin
-- A session that no task has used yet.
INSERT INTO sessions (agent, token, started_at, used_at, repo, host)
VALUES (:agent, :token, :now, :now, :repo, :host);

-- name: known
-- Every session with the number of its last attempt, when something last happened in it, and a task
-- that works in it or is going to (no query of its own).
SELECT sessions.agent, sessions.token, sessions.task, sessions.attempt, sessions.started_at,
    CASE WHEN attempts.finished_at > sessions.used_at THEN attempts.finished_at
         ELSE sessions.used_at END AS used_at,
    sessions.repo, sessions.host, sessions.provider, sessions.provider_type, sessions.base_url,
    sessions.allow_all, attempts.number AS number,
    (SELECT min(other.id) FROM tasks AS other
     WHERE other.finished_at IS NULL
       AND (other.id = sessions.task
            OR (other.session = sessions.token AND other.agent = sessions.agent))) AS used_by
FROM sessions LEFT JOIN attempts ON attempts.id = sessions.attempt

-- name: listing
-- Sessions, the one used last first; what narrows them, besides agent and age, is their task's.
SELECT session.* FROM ({known}) AS session LEFT JOIN tasks ON tasks.id = session.task
WHERE (:state IS NULL OR tasks.state = :state)
  AND (:role IS NULL OR tasks.role = :role)
  AND (:agent IS NULL OR session.agent = :agent)
  AND (:label IS NULL OR EXISTS (SELECT 1 FROM json_each(tasks.labels) AS label
       WHERE label.value = :label))
  AND (:plan IS NULL OR tasks.plan = :plan)
  AND (:since IS NULL OR session.used_at >= :since)
ORDER BY session.used_at DESC, session.started_at DESC, session.token LIMIT :limit;

-- name: of_token
-- The sessions that are called so, each of another agent.
{known} WHERE sessions.token = :token ORDER BY sessions.agent;

-- name: of_task
-- The session of a task with this agent that was used last.
{known} WHERE sessions.task = :task AND sessions.agent = :agent
ORDER BY sessions.used_at DESC LIMIT 1;

-- name: stale
-- Sessions of a machine in which nothing has happened since a moment, and that no task waits for.
SELECT session.* FROM ({known}) AS session
WHERE session.used_at <= :before AND session.used_by IS NULL
  AND (session.host IS NULL OR session.host = :host)
ORDER BY session.used_at LIMIT :limit;

-- name: delete
-- Forget a session.
DELETE FROM sessions WHERE agent = :agent AND token = :token;
