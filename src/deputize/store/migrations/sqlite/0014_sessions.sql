-- A session also tells where its model is served and whether its agent asks before tool calls, and
-- may be there before a task uses it.

CREATE TABLE sessions_anew (
    agent         TEXT NOT NULL,
    token         TEXT NOT NULL,
    task          INTEGER REFERENCES tasks (id),
    attempt       INTEGER REFERENCES attempts (id),
    started_at    TEXT NOT NULL,
    used_at       TEXT NOT NULL,
    repo          TEXT,
    host          TEXT,
    provider      TEXT,
    provider_type TEXT,
    base_url      TEXT,
    allow_all     INTEGER CHECK (allow_all IN (0, 1)),
    PRIMARY KEY (agent, token),
    CHECK ((task IS NULL) = (attempt IS NULL))
) STRICT;

INSERT INTO sessions_anew (
    agent, token, task, attempt, started_at, used_at, repo, host, provider
)
SELECT sessions.agent, sessions.token, sessions.task, sessions.attempt, sessions.started_at,
    sessions.used_at, tasks.repo, tasks.host, attempts.provider
FROM sessions
JOIN tasks ON tasks.id = sessions.task
JOIN attempts ON attempts.id = sessions.attempt;

DROP TABLE sessions;
ALTER TABLE sessions_anew RENAME TO sessions;
CREATE INDEX sessions_by_task ON sessions (task, used_at);
