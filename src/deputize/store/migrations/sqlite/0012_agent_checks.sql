-- What checks of agents found; a version that is not known is an empty text.

CREATE TABLE agent_checks (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    agent        TEXT NOT NULL,
    kind         TEXT NOT NULL,
    version      TEXT NOT NULL,
    path         TEXT,
    host         TEXT NOT NULL,
    login        TEXT NOT NULL,
    canary       TEXT CHECK (canary IN ('held', 'failed', 'unseen')),
    steps        TEXT NOT NULL,
    checked_at   TEXT NOT NULL,
    milliseconds INTEGER NOT NULL,
    "by"         TEXT NOT NULL
) STRICT;
CREATE INDEX agent_checks_by_version ON agent_checks (agent, version);
