-- name: insert
-- What a check of an agent found; a version that is not known is an empty text.
INSERT INTO agent_checks (agent, kind, version, path, host, login, canary, steps, checked_at,
    milliseconds, "by")
VALUES (:agent, :kind, :version, :path, :host, :login, :canary, :steps, :checked_at,
    :milliseconds, :by);

-- name: latest
-- The newest check of a version on a machine.
SELECT * FROM agent_checks WHERE agent = :agent AND version = :version AND host = :host
ORDER BY id DESC LIMIT 1;

-- name: failed
-- Whether a canary of this agent ever failed.
SELECT 1 AS yes FROM agent_checks WHERE agent = :agent AND canary = 'failed' LIMIT 1;

-- name: canary
-- How the newest canary of a version ended; one that is not known counts on its own machine only.
SELECT canary FROM agent_checks WHERE agent = :agent AND version = :version
    AND (version <> '' OR host = :host) AND canary IS NOT NULL
ORDER BY id DESC LIMIT 1;
